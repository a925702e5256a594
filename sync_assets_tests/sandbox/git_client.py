"""A real git as a client, with no configuration but what a test gives it."""

import base64
import os
import subprocess
from pathlib import Path

from sync_assets.sandbox.server import Sandbox


def git(*arguments: str, **config: str) -> subprocess.CompletedProcess[str]:
    """Run git; `http_extraHeader="..."` sets `http.extraHeader` by the environment."""
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": str(len(config)),
        "LC_ALL": "C",
    }
    for position, (name, value) in enumerate(config.items()):
        environment[f"GIT_CONFIG_KEY_{position}"] = name.replace("_", ".")
        environment[f"GIT_CONFIG_VALUE_{position}"] = value
    return subprocess.run(
        ["git", *arguments], capture_output=True, text=True, env=environment, check=False
    )


def clone(
    sandbox: Sandbox, name: str, target: Path, *options: str, **config: str
) -> subprocess.CompletedProcess[str]:
    url = f"{sandbox.url}/{name}.git"
    return git("clone", "--quiet", "--bare", *options, url, str(target), **config)


def basic(token: str, user: str = "x-access-token") -> str:
    return "Authorization: Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()


def tree(repository: Path, revision: str = "HEAD") -> str:
    """Modes, types, ids and names of all files; empty for a repository without commits."""
    return git("-C", str(repository), "ls-tree", "-r", "-z", revision).stdout
