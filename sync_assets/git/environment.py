"""What a git process is told: its environment and its settings. Pure.

The operator's own git configuration stays in force for what only he knows (proxies, certificates,
ssh, `safe.directory`); whatever could change a result is overridden, and every
setting travels by `GIT_CONFIG_COUNT` and its keys and values, so that no secret is in argv.
https://git-scm.com/docs/git-config#ENVIRONMENT
"""

import base64
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

REMOTE = "sync"
BLOB_NONE = "blob:none"
_KEPT = frozenset(
    {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_SYSTEM", "GIT_EXEC_PATH", "GIT_SSH"}
)
_KEPT_PREFIXES = ("GIT_SSH_", "GIT_SSL_", "GIT_HTTP_PROXY_", "GIT_PROXY_")
_ALWAYS = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_ALLOW_PROTOCOL": "fd:file:git:http:https:ssh",
    "LC_ALL": "C",
}
Setting = tuple[str, str]
"""A key of git's configuration, and its value."""
Token = Callable[[], SecretStr]
"""Gives the token that is valid now."""
LOCAL_SETTINGS: tuple[Setting, ...] = (
    ("core.hooksPath", os.devnull),
    ("core.logAllRefUpdates", "false"),
    ("credential.helper", ""),
    ("fetch.fsckObjects", "false"),
    ("fetch.prune", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("fetch.showForcedUpdates", "false"),
    ("fetch.unpackLimit", "1"),
    ("fetch.writeCommitGraph", "false"),
    ("gc.auto", "0"),
    ("http.lowSpeedLimit", "1"),
    ("http.lowSpeedTime", "120"),
    ("maintenance.auto", "false"),
    ("protocol.version", "2"),
    ("transfer.bundleURI", "false"),
)


def child_environment(
    directory: Path, settings: Sequence[Setting], inherited: Mapping[str, str]
) -> dict[str, str]:
    """The environment of a git process whose repository is `directory` and nothing else."""
    environment = {
        name: value
        for name, value in inherited.items()
        if not name.startswith("GIT_") or name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
    environment |= _ALWAYS | {"GIT_DIR": str(directory), "GIT_CONFIG_COUNT": str(len(settings))}
    for position, (key, value) in enumerate(settings):
        environment[f"GIT_CONFIG_KEY_{position}"] = key
        environment[f"GIT_CONFIG_VALUE_{position}"] = value
    return environment


def remote_settings(
    url: str, credential: SecretStr | None, blob_filter: str = BLOB_NONE, through: int | None = None
) -> Sequence[Setting]:
    """The settings of a command that talks to the remote `sync`, at `url`, or through a socket.

    The promisor lives here alone, never in the cache's own configuration: so a command that reads
    sees an ordinary repository, where a missing object is missing, and can fetch none by itself.
    A fetch may: a delta may rest on a blob that the filter left out; that one comes from `bases`.
    With a token redirects are refused: after one, git sends the header on to the new host.
    """
    settings = [
        *LOCAL_SETTINGS,
        ("remote.bases.url", url),
        ("remote.bases.promisor", "true"),
        (f"remote.{REMOTE}.url", url if through is None else f"fd::{through}"),
        (f"remote.{REMOTE}.promisor", "true"),
        (f"remote.{REMOTE}.partialCloneFilter", blob_filter),
    ]
    if url.startswith("/"):
        upload_pack = "git -c uploadpack.allowFilter=true upload-pack"
        settings.append((f"remote.{REMOTE}.uploadpack", upload_pack))
    if credential is not None:
        token = credential.get_secret_value()
        parts = urlsplit(url)
        host = f"http.{parts.scheme}://{parts.netloc}/"
        basic = base64.b64encode(b"x-access-token:" + token.encode())
        settings += [
            (f"{host}.extraHeader", ""),
            (f"{host}.extraHeader", f"Authorization: Basic {basic.decode()}"),
            (f"{host}.followRedirects", "false"),
        ]
    return settings
