"""GitHub: declarations. Files come over git: no API call, and no token for public repositories."""

import re
from urllib.parse import quote

from pydantic import SecretStr

from sync_assets.connectors.repository import Place, RepositoryConnector, RepositorySettings
from sync_assets.errors import InvalidSettings
from sync_assets.git.refs import branch_ref
from sync_assets.models import Source
from sync_assets.settings import Settings

_SCOPE = re.compile(
    r"(?P<repository>[A-Za-z0-9][A-Za-z0-9_-]{0,38}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}?)"
    r"(\.git)?(@(?P<branch>[^,]+))?"
)
_SCOPE_FORMAT = "owner/name or owner/name@branch"


class GitHub(RepositoryConnector):
    """Repositories of github.com or of a GitHub Enterprise server."""

    name = "github"
    title = "GitHub"
    scope_format = _SCOPE_FORMAT

    def parse_scope(self, scope: str) -> str:
        repository, branch = _split(scope.strip())
        return repository if branch is None else f"{repository}@{branch}"

    def link(self, source: Source, settings: Settings) -> str:
        branch = self._branch(source)
        address = _address(source, settings)
        return address if branch is None else f"{address}/tree/{quote(branch)}"

    def place(self, source: Source, settings: Settings) -> Place:
        address = _address(source, settings)
        return Place(
            url=f"{address}.git",
            branch=self._branch(source),
            credential=_credential(settings.github_token),
            permalink=lambda commit, path: f"{address}/blob/{commit}/{quote(path)}",
        )

    @staticmethod
    def _branch(source: Source) -> str | None:
        """The branch by scope or by settings; both may say it, if they agree."""
        _, by_scope = _split(source.scope)
        by_settings = RepositorySettings.model_validate(source.settings).branch
        if by_scope and by_settings and by_scope != by_settings:
            raise InvalidSettings(
                f"{source.source_id}: its branch is {by_settings!r}: set one of the two"
            )
        return by_scope or by_settings


def _split(scope: str) -> tuple[str, str | None]:
    """`owner/name` and the branch, if one is given."""
    found = _SCOPE.fullmatch(scope)
    if found is None:
        raise InvalidSettings(f"scope {scope!r}: github needs {_SCOPE_FORMAT}")
    branch = found["branch"]
    if branch is not None:
        branch_ref(branch)
    return found["repository"], branch


def _address(source: Source, settings: Settings) -> str:
    repository, _ = _split(source.scope)
    return f"{str(settings.github_web_url).rstrip('/')}/{repository}"


def _credential(token: SecretStr) -> SecretStr | None:
    return token if token.get_secret_value() else None
