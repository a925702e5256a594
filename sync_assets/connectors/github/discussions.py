"""The streams `pull_requests` and `issues`: sessions that share what they see of one tracker."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from sync_assets.connectors.base import Hint, Session, Size
from sync_assets.connectors.github.documents import item_document, item_key
from sync_assets.connectors.github.hints import items_named
from sync_assets.connectors.github.queries import Kind
from sync_assets.connectors.github.sighting import Listed, Sighting, Tracker
from sync_assets.connectors.github.watermark import Watermark
from sync_assets.errors import SourceError
from sync_assets.http.clients import HttpClients
from sync_assets.models import (
    Fetched,
    FetchFailure,
    Gone,
    Listing,
    ListingEntry,
    Source,
    document_id,
)
from sync_assets.settings import Settings

KINDS: Final[Mapping[str, Kind]] = {"issues": "Issue", "pull_requests": "PullRequest"}
"""The items of each stream."""
ABSENT: Final = (HTTPStatus.GONE, HTTPStatus.NOT_FOUND)


def open_discussions(
    source: Source,
    streams: Collection[str],
    repository: str,
    settings: Settings,
    http: HttpClients,
    *,
    graphql: bool,
) -> Mapping[str, Session]:
    """A session for each of these streams, over one tracker. `repository` is `owner/name`."""
    from sync_assets.connectors.github.access import graphql_client, rest_client
    from sync_assets.connectors.github.client import TrackerClient
    from sync_assets.connectors.github.rest import RestTracker
    from sync_assets.connectors.github.tracker import GraphQLTracker

    rest = rest_client(settings, http, repository)
    client = TrackerClient(rest, graphql_client(settings, http, repository), repository)
    tracker = GraphQLTracker(client) if graphql else RestTracker(client)
    discussions = Discussions(source, tracker, streams)
    return {stream: DiscussionSession(discussions, stream) for stream in streams}


class Discussions:
    """One run's look at a tracker: what moved is asked for once, for all its streams."""

    def __init__(self, source: Source, tracker: Tracker, streams: Collection[str]) -> None:
        self.source = source
        self.tracker = tracker
        self._kinds: list[Kind] = [KINDS[stream] for stream in streams]
        self._looked: tuple[Watermark, Sighting | None] | None = None

    def changes(self, since: str, pages: Size) -> Sighting | None:
        """What moved of all streams of this run since then; maybe some more, where another stream
        was not so far. With that the two stand at the same watermark again.
        """
        watermark = Watermark.parse(since)
        if self._looked is None or not self._looked[0].covers(watermark):
            self._looked = watermark, self.tracker.changes(watermark, self._kinds, pages)
        return self._looked[1]


class DiscussionSession(Session):
    """One of the two streams."""

    def __init__(self, discussions: Discussions, stream: str) -> None:
        self._discussions = discussions
        self._tracker = discussions.tracker
        self._stream = stream
        self._kind: Kind = KINDS[stream]

    def list(self, since: str | None) -> Listing:
        seen = None if since is None else self._discussions.changes(since, self.pages)
        if seen is None:
            seen = self._tracker.sweep(self._kind, self.pages)
            return Listing(str(seen.watermark), self._entries(seen), current=True)
        entries = self._entries(seen)
        # Where nothing moved at all, the same is asked again: the feeds' answers are known then.
        watermark = str(seen.watermark) if seen.items else since
        return Listing(
            watermark or str(seen.watermark),
            entries,
            unchanged=not entries,
            complete=False,
            current=True,
        )

    def touched(self, since: str, hints: Sequence[Hint]) -> Listing | None:
        named, watermark = items_named(hints), Watermark.parse(since)
        items = self._tracker.probe(watermark, self._kind, sorted(named)) if named else None
        if not named or items is None:
            return None
        gone: list[str] = []
        for number in named.keys() - {item.number for item in items}:
            document = self._id(named[number] or "")
            # GitHub and its webhook have to agree.
            if not named[number] or not self._is_gone(document, watermark.name, number, *ABSENT):
                return None
            gone.append(document)
        entries = [self._entry(item) for item in items if item.kind == self._kind]
        return Listing(since, entries, complete=False, gone=gone)

    def fetch(self, entries: Sequence[ListingEntry], watermark: str) -> Iterator[Fetched]:
        wanted = [(entry.locator, _number(entry.key)) for entry in entries]
        found = self._tracker.read(self._kind, wanted)
        for entry, (_, number), each in zip(entries, wanted, found, strict=True):
            if each is None:
                name = Watermark.parse(watermark).name
                gone = self._is_gone(entry.document_id, name, number, HTTPStatus.GONE)
                yield Gone(entry, confirmed=gone)
            elif isinstance(each, SourceError):
                yield FetchFailure(entry, each)
            else:
                yield item_document(each.item, entry.document_id, each.version, self._tracker.by)

    def confirm_gone(self, keys: Mapping[str, str], watermark: str) -> Collection[str]:
        # That an item is not to be seen is enough where a complete listing lacks it, too.
        name = Watermark.parse(watermark).name
        return [
            document
            for document, key in keys.items()
            if self._is_gone(document, name, _number(key), *ABSENT)
        ]

    def _is_gone(self, document: str, name: str, number: int, *certain: int) -> bool:
        """Whether GitHub says so outright: deleted, or another item since it was transferred."""
        status, node_id = self._tracker.look(name, number)
        return status in certain or (node_id is not None and self._id(node_id) != document)

    def _id(self, node_id: str) -> str:
        source = self._discussions.source
        return document_id(source.connector, source.identity, self._stream, node_id)

    def _entries(self, seen: Sighting) -> Sequence[ListingEntry]:
        return [self._entry(item) for item in seen.items if item.kind == self._kind]

    def _entry(self, item: Listed) -> ListingEntry:
        return ListingEntry(
            self._id(item.node_id), item_key(item.number), item.version, locator=item.node_id
        )


def _number(key: str) -> int:
    return int(key.removeprefix("#"))
