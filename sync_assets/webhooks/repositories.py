"""GitHub's repositories that we sync: each has its own hook."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync_assets.models import Source
from sync_assets.stores import Stores

if TYPE_CHECKING:
    from sync_assets.connectors.github.hooks import HookClient

GITHUB = "github"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository `owner/name` with the registered sources of it, which share its hook."""

    name: str
    source_ids: Sequence[str]


def repositories(sources: Sequence[Source]) -> list[Repository]:
    """Of all that is not being removed."""
    found: dict[str, list[str]] = {}
    for source in sources:
        if source.connector == GITHUB and source.status != "removing":
            found.setdefault(source.scope.partition("@")[0], []).append(source.source_id)
    return [Repository(name, ids) for name, ids in found.items()]


def hook_client(stores: Stores, repository: Repository) -> "HookClient":
    """The calls about its hooks. Raises SourceError."""
    from sync_assets.connectors.github.access import rest_client
    from sync_assets.connectors.github.hooks import HookClient

    rest = rest_client(stores.settings, stores.http, repository.name)
    return HookClient(rest, repository.name)
