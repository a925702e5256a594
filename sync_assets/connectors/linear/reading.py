"""Connections read to their ends."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from sync_assets.connectors.base import Size
from sync_assets.connectors.linear.client import MOST_ROWS, NESTED, LinearClient, in_batches
from sync_assets.connectors.linear.nodes import (
    Attachment,
    Identified,
    Issue,
    Named,
    Node,
    Page,
    Relation,
    page_of,
)
from sync_assets.connectors.linear.queries import Detail
from sync_assets.errors import PageTooLarge, UnexpectedPayload
from sync_assets.http.pagination import Seen

T = TypeVar("T")
NODE_T = TypeVar("NODE_T")
_SHAPES: Final[dict[str, tuple[str, type[Node]]]] = {
    "attachments": ("attachments", Attachment),
    "labels": ("labels", Named),
    "relations": ("relations", Relation),
    "inverse_relations": ("inverseRelations", Relation),
    "children": ("children", Identified),
}
"""The connections below an issue but comments: our name, Linear's, and what stands in them."""


def sized(pages: Size, most: int, ask: Callable[[int], T]) -> tuple[int, T]:
    """How many were asked for, and the answer; half of it where it was too much."""
    while True:
        first = min(pages.now, most)
        try:
            answer = ask(first)
        except PageTooLarge:
            if not pages.halve(first):
                raise
        else:
            pages.worked()
            return first, answer


def next_page(page: Page[NODE_T], asked: int, seen: Seen) -> str | None:
    """The cursor of the page that follows; None at the end.

    Linear counts nothing, so a page that came full is not taken for the last one at its word.
    """
    info = page.page_info
    if info is None:
        raise UnexpectedPayload("Linear's page tells nothing of the next one")
    if not info.has_next_page and len(page.nodes) < asked:
        return None
    if info.end_cursor is None:
        if info.has_next_page:
            raise UnexpectedPayload("Linear promises a next page and gives no cursor")
        return None
    seen.add(info.end_cursor)
    return info.end_cursor


def all_pages(
    what: str, pages: Size, ask: Callable[[str | None, int], Page[NODE_T]]
) -> Iterator[NODE_T]:
    """The nodes of all pages."""
    seen, after = Seen(f"Linear's {what}"), None
    while True:
        first, page = sized(pages, MOST_ROWS, partial(ask, after))
        yield from page.nodes
        after = next_page(page, first, seen)
        if after is None:
            return


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what did not come with its issue, in this detail and pages of this size."""

    client: LinearClient
    pages: Size
    detail: Detail

    def comments(self, issues: Sequence[Issue]) -> Sequence[Issue]:
        """Read all comments of those issues that came with as many as were asked for. Gives the
        issues that are there still: one that has no comment now is gone.
        """
        long = {each.id: each for each in issues if len(each.comments.nodes) >= NESTED["many"]}
        for batch in in_batches([*long], MOST_ROWS):
            for issue in batch:
                long[issue].comments.nodes = []
            ask = partial(self.client.comments_of, batch, self.detail)
            for comment in all_pages("comments", self.pages, ask):
                if comment.issue and comment.issue.id in long:
                    long[comment.issue.id].comments.nodes.append(comment)
        return [each for each in issues if each.id not in long or each.comments.nodes]

    def rest(self, issue: Issue) -> None:
        """Read again what else came full: with its issue only the first nodes of a connection come.

        Raises SourceGone where the issue is gone meanwhile.
        """
        for name, (connection, shape) in _SHAPES.items():
            page: Page[Any] = getattr(issue, name)
            if len(page.nodes) >= NESTED["few"]:
                page.nodes = [*self._connection(issue, connection, shape)]

    def _connection(self, issue: Issue, name: str, shape: type[Node]) -> Iterator[Node]:
        def ask(after: str | None, first: int) -> Page[Any]:
            found = self.client.rest_of(issue.id, name, self.detail, after, first)
            return page_of(found, "rest", shape)

        return all_pages(f"{name} of {issue.identifier}", self.pages, ask)
