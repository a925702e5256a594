"""What happens in a tracker, told to those who watch; webhooks are made of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sync_assets.sandbox.github.records import (
    Account,
    Comment,
    InlineComment,
    Item,
    Label,
    Milestone,
    Review,
    Thread,
)

TrackerEvent = Literal[
    "issues",
    "issue_comment",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "label",
]
Part = Comment | InlineComment | Review | Thread | Label | Account | Milestone


@dataclass(frozen=True, slots=True)
class TrackerNews:
    """One event as GitHub names it. `item` is what it is about, `part` what of it (or the label).

    `former` are values that are no more: `{"title": "Old"}`. `moved` is the other end of an
    issue's transfer: the repository's number, and the issue there.
    """

    repository: int
    event: TrackerEvent
    action: str
    sender: Account | None = None
    item: Item | None = None
    part: Part | None = None
    former: Mapping[str, str] = field(default_factory=dict[str, str])
    moved: tuple[int, Item] | None = None


Watcher = Callable[[TrackerNews], object]


def nobody(_: TrackerNews) -> None:
    """Hears it."""
