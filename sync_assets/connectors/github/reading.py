"""Items read whole: each connection below them to its end, and counted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, TypeVar

from sync_assets.connectors.base import Size
from sync_assets.connectors.github.client import TrackerClient
from sync_assets.connectors.github.facts import words_digest
from sync_assets.connectors.github.nodes import (
    Account,
    ChangedFile,
    Item,
    Label,
    Node,
    Page,
    PullCommit,
    Review,
    Said,
    Thread,
    Url,
    checked,
)
from sync_assets.connectors.github.queries import Kind
from sync_assets.connectors.github.sighting import DoesNotAddUp
from sync_assets.errors import PageTooLarge
from sync_assets.http.pagination import Seen, next_cursor

TEXT_LIMIT: Final = 1_000_000
"""Characters of words that one document holds; the rest is counted in it."""
MOST_FILES: Final = 3_000
"""GitHub shows no more files of a pull request."""

_SHAPES: Final[dict[str, tuple[str, type[Node]]]] = {
    "labels": ("labels", Label),
    "assignees": ("assignees", Account),
    "closing_issues_references": ("closingIssuesReferences", Url),
    "comments": ("comments", Said),
    "reviews": ("reviews", Review),
    "review_threads": ("reviewThreads", Thread),
    "files": ("files", ChangedFile),
    "commits": ("commits", PullCommit),
}
"""The connections below an item: our name, GitHub's, and what stands in them."""


T = TypeVar("T")
Owner = Kind | Literal["PullRequestReviewThread"]


class Room:
    """What words a document still has room for. Those that are too much are dropped at once, and
    only their digest is kept: a giant pull request takes no more memory than a large one.
    """

    def __init__(self, characters: int = TEXT_LIMIT) -> None:
        self._left = characters

    def keep(self, node: Node) -> None:
        """Keep the node's words, or drop them; what was asked of once stays as it is."""
        if isinstance(node, Thread):
            for said in node.comments.nodes:
                self.keep(said)
        elif isinstance(node, Said) and not node.digest:
            node.digest = words_digest(node.body)
            node.body = self._kept(node.body or "")
        elif isinstance(node, PullCommit):
            node.commit.message = self._kept(node.commit.message or "")

    def _kept(self, words: str) -> str | None:
        self._left -= len(words)
        return words if self._left >= 0 else None


def read_to_the_end(client: TrackerClient, item: Item, size: Size) -> None:
    """Add what the first pages lack, to facts as to content. Words find their room in the order in
    which the document tells them.

    Raises DoesNotAddUp where what was read is not what GitHub counts.
    """
    reader = _Reader(client, size, Room())
    reader.room.keep(item)
    for name, (field, shape) in _SHAPES.items():
        page: Page[Any] | None = getattr(item, name)
        if page is None:
            continue
        reader.read(page, shape, item.kind, item.id, field)
        if name == "review_threads":
            for thread in page.nodes:
                reader.read(thread.comments, Said, "PullRequestReviewThread", thread.id, "comments")
        _check_count(item, field, page)


@dataclass(frozen=True, slots=True)
class _Reader:
    client: TrackerClient
    size: Size
    room: Room

    def read(
        self, page: Page[Any], shape: type[Node], *connection: *tuple[Owner, str, str]
    ) -> None:
        """The rest of one connection: whose it is, that node's id, its name there."""
        for node in page.nodes:
            self.room.keep(node)
        seen = Seen(f"GitHub's {connection[2]} of {connection[1]}")
        while page.page_info.has_next_page:
            after = next_cursor(page.page_info.model_dump(by_alias=True), seen)
            ask = partial(self.client.rest_of, *connection, after)
            following = checked(Page[shape], sized(self.size, ask), connection[2])
            for node in following.nodes:
                self.room.keep(node)
            page.nodes += following.nodes
            page.total_count, page.page_info = following.total_count, following.page_info


def _check_count(item: Item, field: str, page: Page[Any]) -> None:
    counted: Sequence[tuple[str, Page[Any]]] = [(field, page)]
    if field == "reviewThreads":
        counted = [*counted, *(("comments", thread.comments) for thread in page.nodes)]
    for name, each in counted:
        read = len(each.nodes)
        if read == each.total_count or (name == "files" and read >= MOST_FILES):
            continue
        raise DoesNotAddUp(
            f"#{item.number}: GitHub counts {each.total_count} {name} and gives {read}:"
            " it moved while it was read"
        )


def sized(size: Size, ask: Callable[[int], T], *, alone: bool = True) -> T:
    """An answer of the size of now. Where that is too much, half of it; but where it is asked for
    several items at once (not `alone`), their number is to be halved first.
    """
    while True:
        first = size.now
        try:
            answer = ask(first)
        except PageTooLarge:
            if not alone or not size.halve(first):
                raise
        else:
            size.worked()
            return answer
