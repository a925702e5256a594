"""Any git repository by URL or path, files only: other hosts, and checkouts on this machine."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

from sync_assets.connectors.repository import Place, RepositoryConnector, RepositorySettings
from sync_assets.errors import InvalidSettings
from sync_assets.models import Source
from sync_assets.settings import Settings

_SCHEMES = ("http", "https", "ssh", "git")
_SCP_LIKE = re.compile(r"(?P<user>[\w.-]+)@(?P<host>[\w.-]+):(?P<path>[^/\s][^\s]*)")
_SHOWN = 200
_FORBIDDEN = re.compile(r"\.\.\.|,|[\x00-\x1f\x7f]")
_FILE_PAGES = {
    "github.com": "{page}/blob/{commit}/{path}",
    "gitlab.com": "{page}/-/blob/{commit}/{path}",
    "bitbucket.org": "{page}/src/{commit}/{path}",
    "codeberg.org": "{page}/src/commit/{commit}/{path}",
}


class Git(RepositoryConnector):
    """Repositories that git reaches as this user: public ones, over ssh with an agent, by path."""

    name = "git"
    title = "git"
    scope_format = "a URL (https://host/name.git, ssh://..., user@host:path) or a path"

    def parse_scope(self, scope: str) -> str:
        scope = scope.strip()
        canonical = _url(scope) if "://" in scope or _SCP_LIKE.fullmatch(scope) else _path(scope)
        if _FORBIDDEN.search(canonical):
            raise InvalidSettings(
                f"scope {canonical!r}: '...', commas and control characters are not allowed"
            )
        return canonical

    def link(self, source: Source, settings: Settings) -> str:  # noqa: ARG002 - the contract's
        return _page(source.scope)

    def place(self, source: Source, settings: Settings) -> Place:  # noqa: ARG002 - the contract's
        return Place(
            url=source.scope,
            branch=RepositorySettings.model_validate(source.settings).branch,
            permalink=permalinks(source.scope),
        )


def _url(scope: str) -> str:
    """A URL without a secret; `file://` is the path that it names."""
    if "://" not in scope:
        return scope
    try:
        parts = urlsplit(scope)
        port = parts.port
    except ValueError as error:
        raise InvalidSettings(f"scope: not a URL: {error}") from None
    if parts.scheme == "file" and not parts.netloc:
        return _path(parts.path)
    if parts.password is not None or (parts.username and parts.scheme != "ssh"):
        raise InvalidSettings(
            "scope: the URL holds a user or password; leave it out: private repositories are read"
            " over ssh, or through connector github and SYNC_ASSETS_GITHUB_TOKEN"
        )
    if parts.scheme not in _SCHEMES or not parts.hostname or port == 0 or not parts.path.strip("/"):
        raise InvalidSettings(f"scope {scope!r}: git needs {Git.scope_format}")
    return scope.rstrip("/")


def _path(scope: str) -> str:
    try:
        path = Path(scope).expanduser().resolve()
        if scope and path.is_dir():
            return str(path)
    except (OSError, RuntimeError, ValueError):  # too long, an unknown ~user, a null character
        pass
    shown = f"{scope[:_SHOWN]}..." if len(scope) > _SHOWN else scope
    raise InvalidSettings(f"scope {shown!r}: no such directory, and not a URL")


def _page(scope: str) -> str:
    """Where a person looks: the web page of a URL, the directory of a path."""
    if scope.startswith("/"):
        return Path(scope).as_uri()
    if found := _SCP_LIKE.fullmatch(scope):
        host, path = found["host"], found["path"]
    else:
        parts = urlsplit(scope)
        if parts.scheme not in ("ssh", "git"):
            return scope.removesuffix(".git")
        host, path = parts.hostname or "", parts.path.lstrip("/")
    return f"https://{host}/{path.removesuffix('.git')}"


def permalinks(scope: str) -> Callable[[str, str], str]:
    """Commit and path -> URL: the file's page at a host that we know, else the repository's, with
    both named behind it.
    """
    page = _page(scope)
    form = _FILE_PAGES.get(urlsplit(page).hostname or "", "{page}#{commit}:{path}")
    return lambda commit, path: form.format(page=page, commit=commit, path=quote(path))
