"""What happens to a repository of the sandbox, told to those who watch; webhooks are made of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

RepositoryAction = Literal[
    "renamed",
    "transferred",
    "deleted",
    "privatized",
    "publicized",
    "archived",
    "unarchived",
    "edited",
]


@dataclass(frozen=True, slots=True)
class RefMoved:
    """A branch points elsewhere: `before` None began it, `after` None deleted it."""

    repository: int
    branch: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class RepositoryChanged:
    """The repository itself. `former` is its earlier name (or owner, or default branch), `place`
    where its objects are, though it may be deleted.
    """

    repository: int
    name: str
    place: Path
    action: RepositoryAction
    former: str | None = None


RepositoryNews = RefMoved | RepositoryChanged
Watcher = Callable[[RepositoryNews], object]
