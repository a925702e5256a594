"""What a tracker shows by GraphQL, with the two feeds that only REST has."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter

from sync_assets.connectors.base import Size
from sync_assets.connectors.github.client import Nested, TrackerClient
from sync_assets.connectors.github.comments import comment_kind, comment_mark, looked
from sync_assets.connectors.github.facts import version
from sync_assets.connectors.github.nodes import Item, Node, Page, PageInfo, checked, field_of
from sync_assets.connectors.github.queries import Kind
from sync_assets.connectors.github.reading import read_to_the_end, sized
from sync_assets.connectors.github.sighting import (
    ATTEMPTS,
    DoesNotAddUp,
    Listed,
    Sighting,
    Tracker,
    Whole,
)
from sync_assets.connectors.github.watermark import Mark, Watermark, touched, watermark_at
from sync_assets.errors import PageTooLarge, SourceError, SourceUnavailable, UnexpectedPayload
from sync_assets.http.graphql import GraphQLAnswer
from sync_assets.http.pagination import Seen, next_cursor

PROBED: Final = 50
"""Numbers whose facts are asked for at once."""
NESTED: Final = 50
"""Nodes of a connection that are read with their item."""
UNCOUNTED: Final = "uncounted"
"""The version of an item that does not add up, which no document has: so it is read by itself, and
if it fails, it fails alone.
"""
_FIELDS: Final[Mapping[Kind, str]] = {"Issue": "issues", "PullRequest": "pullRequests"}
_ITEM: TypeAdapter[Item | None] = TypeAdapter(Item | None)
_ITEMS = TypeAdapter(Page[Item])


class _Touched(Node):
    id: str
    number: int
    updated_at: datetime


_TOUCHED = TypeAdapter(Page[_Touched])


class GraphQLTracker(Tracker):
    """By GraphQL."""

    by = "graphql"

    def __init__(self, client: TrackerClient) -> None:
        self._client = client
        self._nested = Size(NESTED)
        self._probes = Size(PROBED)

    def changes(self, since: Watermark, kinds: Collection[Kind], pages: Size) -> Sighting | None:
        marks: dict[Mark, Kind] = {}
        after: dict[Kind, str | None] = dict.fromkeys(kinds)
        guards = {kind: Seen(f"GitHub's {_FIELDS[kind]}") for kind in kinds}
        begun: tuple[datetime, str, str] | None = None
        while after:
            answer = self._changes_page(since.at, after, pages)
            repository = field_of(answer.data, "repository")
            identity, name = field_of(repository, "id"), field_of(repository, "nameWithOwner")
            if not since.continues(identity, name, self.by):
                return None
            begun = begun or (answer.date, identity, name)
            for kind in tuple(after):
                page = checked(_TOUCHED, repository[_FIELDS[kind]], _FIELDS[kind])
                new = [node for node in page.nodes if node.updated_at >= since.at]
                marks |= {Mark(node.number, node.id, node.updated_at): kind for node in new}
                ended = kind == "PullRequest" and len(new) < len(page.nodes)
                cursor = None if ended else _cursor(page.page_info, guards[kind])
                if cursor is None:
                    del after[kind]
                else:
                    after[kind] = cursor
        if begun is None:
            raise ValueError("no kind of item was asked for")
        date, identity, name = begun
        marks |= self._commented(name, since.at, kinds)
        items = [self._listed(item) for item in self._probe(touched(marks, since), identity)]
        return Sighting(items, watermark_at(date, identity, name, self.by, marks))

    def probe(
        self, since: Watermark, kind: Kind, numbers: Sequence[int]
    ) -> Sequence[Listed] | None:
        if since.by != self.by:
            return None
        items = [*self._probe(dict.fromkeys(numbers, kind), since.repository)]
        if any(item.repository.name_with_owner != since.name for item in items):
            return None
        return [self._listed(item) for item in items]

    def sweep(self, kind: Kind, pages: Size) -> Sighting:
        for _ in range(ATTEMPTS):
            seen, total = self._sweep(kind, pages)
            if len({item.node_id for item in seen.items}) == total:
                return seen
        raise DoesNotAddUp(
            f"GitHub lists fewer or more {_FIELDS[kind]} than it counts: they moved meanwhile"
        )

    def read(
        self, kind: Kind, items: Sequence[tuple[str, int]]
    ) -> Iterator[Whole | SourceError | None]:
        ids = [node_id for node_id, _ in items]
        try:
            nodes = sized(
                self._nested,
                lambda many: self._client.items(kind, ids, Nested(many)),
                alone=len(ids) == 1,
            )
        except PageTooLarge as error:
            if len(ids) > 1:
                raise
            yield error
            return
        if len(nodes) != len(ids):
            raise UnexpectedPayload(f"GitHub answers {len(ids)} ids with {len(nodes)} nodes")
        for node in nodes:
            item = checked(_ITEM, node or None, "item")
            yield None if item is None else self._whole(item)

    def look(self, name: str, number: int) -> tuple[int, str | None]:
        return looked(self._client.issue(name, number))

    def _whole(self, item: Item) -> Whole | SourceError:
        try:
            read_to_the_end(self._client, item, self._nested)
        except SourceUnavailable as error:  # of this item alone: the connection's were tried again
            return error
        return Whole(item, version(item))

    def _sweep(self, kind: Kind, pages: Size) -> tuple[Sighting, int]:
        items: list[Listed] = []
        after: str | None = None
        guard = Seen(f"GitHub's {_FIELDS[kind]}")
        watermark: Watermark | None = None
        while True:
            answer = self._sweep_page(kind, after, pages)
            repository = field_of(answer.data, "repository")
            if watermark is None:
                identity, name = field_of(repository, "id"), field_of(repository, "nameWithOwner")
                watermark = watermark_at(answer.date, identity, name, self.by)
            page = checked(_ITEMS, repository[_FIELDS[kind]], _FIELDS[kind])
            items += map(self._listed, page.nodes)
            after = _cursor(page.page_info, guard)
            if after is None:
                return Sighting(items, watermark), page.total_count

    def _changes_page(
        self, since: datetime, after: Mapping[Kind, str | None], pages: Size
    ) -> GraphQLAnswer:
        def ask(first: int) -> GraphQLAnswer:
            return self._client.changes(
                first,
                since=since,
                issues="Issue" in after,
                pulls="PullRequest" in after,
                issues_after=after.get("Issue"),
                pulls_after=after.get("PullRequest"),
            )

        return sized(pages, ask)

    def _sweep_page(self, kind: Kind, after: str | None, pages: Size) -> GraphQLAnswer:
        def ask(first: int) -> GraphQLAnswer:
            # A pull request has several times the facts of an issue.
            page = first if kind == "Issue" else max(1, first // 2)
            return sized(
                self._nested,
                lambda many: self._client.sweep(kind, page, Nested(many), after),
                alone=page == 1,
            )

        return sized(pages, ask)

    def _commented(
        self, name: str, since: datetime, kinds: Collection[Kind]
    ) -> Mapping[Mark, Kind]:
        found: dict[Mark, Kind] = {
            comment_mark(row): comment_kind(row)
            for row in self._client.issue_comments(name, since)
            if comment_kind(row) in kinds
        }
        if "PullRequest" in kinds:
            for row in self._client.pull_comments(name, since):
                found[comment_mark(row)] = "PullRequest"
        return found

    def _probe(self, items: Mapping[int, Kind], identity: str) -> Iterator[Item]:
        """The items of these numbers that are in this repository still."""
        numbers, at = [*items], 0
        while at < len(numbers):
            batch = numbers[at : at + self._probes.now]
            try:
                found = self._facts({number: items[number] for number in batch})
            except PageTooLarge as error:
                if not self._probes.halve(len(batch)):
                    raise PageTooLarge(f"#{batch[0]}: {error}") from error
                continue
            self._probes.worked()
            at += len(batch)
            for number in batch:
                item = checked(_ITEM, found.get(f"_{number}") or None, "item")
                if item is not None and item.repository.id == identity:
                    yield item

    def _facts(self, wanted: Mapping[int, Kind]) -> Mapping[str, Any]:
        return sized(
            self._nested,
            lambda many: self._client.probe(wanted, Nested(many)),
            alone=len(wanted) == 1,
        )

    def _listed(self, item: Item) -> Listed:
        """The item, once all of its facts are read."""
        try:
            read_to_the_end(self._client, item, self._nested)
        except DoesNotAddUp:
            return Listed(item.kind, item.id, item.number, UNCOUNTED)
        return Listed(item.kind, item.id, item.number, version(item))


def _cursor(page: PageInfo, guard: Seen) -> str | None:
    return next_cursor(page.model_dump(by_alias=True), guard)
