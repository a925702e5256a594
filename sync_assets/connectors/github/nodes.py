"""GitHub's items as data, in the shape of its GraphQL; the REST path gives the same. Pure.

A list of facts alone lacks what only the content has: those fields are None there.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator
from pydantic.alias_generators import to_camel

from sync_assets.connectors.github.queries import Kind
from sync_assets.errors import UnexpectedPayload
from sync_assets.http import payload

NODE_T = TypeVar("NODE_T")
MODEL_T = TypeVar("MODEL_T")
GHOST = "ghost"
"""Who wrote what is left of a deleted account, as GitHub itself shows it."""


class Node(BaseModel):
    """Base of what the vendor sends; what we do not ask for is ignored."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class PageInfo(Node):
    """Whether a connection goes on, and after which cursor."""

    has_next_page: bool = False
    end_cursor: str | None = None


class Page(Node, Generic[NODE_T]):
    """The first of a connection's nodes, or all of them once it was read to its end."""

    total_count: int
    page_info: PageInfo = PageInfo()
    nodes: list[NODE_T]


class Account(Node):
    """Somebody."""

    login: str


class Label(Node):
    """`color` is six hex digits."""

    name: str
    color: str


class Url(Node):
    """An issue that is referred to."""

    url: str


class Milestone(Node):
    """Of a milestone, its title."""

    title: str


class Repository(Node):
    """The repository that an item is in now."""

    id: str
    name_with_owner: str


class Said(Node):
    """Somebody's words. `body` is None where it was too much to keep (see `reading.Room`)."""

    id: str
    url: str = ""
    body: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    author: Account | None = None
    digest: str = ""

    @property
    def speaker(self) -> str:
        return self.author.login if self.author else GHOST


class Review(Said):
    """A review; its inline comments stand in threads."""

    state: str
    submitted_at: datetime | None = None


class Thread(Node):
    """Inline comments at one place. `is_resolved` is None where GitHub does not tell: REST."""

    id: str
    path: str
    is_resolved: bool | None = None
    is_outdated: bool | None = None
    line: int | None = None
    original_line: int | None = None
    comments: Page[Said]


class ChangedFile(Node):
    """A file that a pull request changes."""

    path: str
    additions: int
    deletions: int


class CommitFacts(Node):
    """A commit; `message` is None where it was too much to keep."""

    oid: str
    message: str | None = None


class PullCommit(Node):
    """A commit of a pull request."""

    commit: CommitFacts


class Item(Said):
    """An issue; with the fields from `is_draft` on, a pull request."""

    kind: Kind = Field(alias="__typename")
    number: int
    title: str
    state: str
    state_reason: str | None = None
    closed_at: datetime | None = None
    repository: Repository
    milestone: Milestone | None = None
    labels: Page[Label]
    assignees: Page[Account]
    latest: Page[Said] | None = None
    comments: Page[Said] | None = None
    is_draft: bool = False
    merged: bool = False
    merged_at: datetime | None = None
    head_ref_oid: str | None = None
    additions: int = 0
    deletions: int = 0
    changed_files: int = 0
    merge_commit: CommitFacts | None = None
    closing_issues_references: Page[Url] | None = None
    reviews: Page[Review] | None = None
    review_threads: Page[Thread] | None = None
    files: Page[ChangedFile] | None = None
    commits: Page[PullCommit] | None = None

    @field_validator("labels", mode="before")
    @classmethod
    def _labels(cls, labels: object) -> object:
        return {"totalCount": 0, "nodes": []} if labels is None else labels


def checked(shape: type[MODEL_T] | TypeAdapter[MODEL_T], data: object, what: str) -> MODEL_T:
    """The data as that shape; UnexpectedPayload names the field that does not fit."""
    return payload.checked(shape, data, f"GitHub's {what}")


def field_of(data: Mapping[str, Any], *path: str) -> Any:  # noqa: ANN401 - JSON is anything
    """What stands at the path; UnexpectedPayload where nothing does."""
    found: Any = data
    for name in path:
        if not isinstance(found, dict) or found.get(name) is None:
            raise UnexpectedPayload(f"GitHub's answer has no {'.'.join(path)}")
        found = found[name]  # pyright: ignore[reportUnknownVariableType] - JSON
    return found  # pyright: ignore[reportUnknownVariableType] - JSON
