"""A vendor behind an API, in memory: feeds of changes, sweeps, tombstones, races, limits."""

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from sync_assets.connectors.base import (
    AFTER_A_TIMEOUT,
    Connector,
    Hint,
    Session,
    Size,
    SourceSettings,
    Stream,
)
from sync_assets.errors import PageTooLarge, SourceUnavailable, UnexpectedPayload
from sync_assets.http.clients import HttpClients
from sync_assets.models import (
    Document,
    Fetched,
    FetchFailure,
    Gone,
    Listing,
    ListingEntry,
    Source,
    SyncMode,
    SyncReport,
    VerifyReport,
    digest,
    document_id,
)
from sync_assets.settings import Settings
from sync_assets.stores import Stores
from sync_assets.sync.engine import StreamSync, sync_stream
from sync_assets.sync.verify import verify_stream
from sync_assets_tests import oracle
from sync_assets_tests.fakes import FakeClock

SWEEP = timedelta(days=1)
TICKETS = Stream("tickets", ("tickets",), "Tickets.", feed="tracker", sweep=SWEEP)
REPLIES = Stream("replies", ("replies",), "Replies.", feed="tracker", sweep=SWEEP)


class TrackerSettings(SourceSettings):
    replies: bool = True


@dataclass
class Tracker:
    """What the vendor holds, by name, each text with the tick of its last touch; and its moods.

    `limited` is raised by every call; `too_large` items in one call are too many; `slow` ones time
    out; a batch with a `poisonous` one cannot be read. A page has `page` items at most. `races`
    are done one by one, before a page is listed or a document is fetched. No more than `most_named`
    are read by name at once.
    """

    tickets: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    tombstones: dict[str, int] = field(default_factory=dict[str, int])
    tick: int = 0
    broken: set[str] = field(default_factory=set[str])
    poisonous: set[str] = field(default_factory=set[str])
    page: int = 8
    limited: Exception | None = None
    limited_after: int = 0
    too_large: int = 1_000
    slow: int = 1_000
    most_named: int = 1_000
    races: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    names: dict[str, str] = field(default_factory=dict[str, str])
    while_fetching: Callable[[], None] | None = None
    sweeps: int = 0
    feeds: int = 0
    hinted: int = 0
    opened: int = 0
    fetched: list[str] = field(default_factory=list[str])
    sizes: list[int] = field(default_factory=list[int])

    def write(self, name: str, text: str) -> None:
        """As a person would: the feed shows it."""
        self.tick += 1
        self.tickets[name] = (text, self.tick)
        self.tombstones.pop(name, None)

    def write_silently(self, name: str, text: str) -> None:
        """No feed shows it."""
        if name in self.tickets:
            self.tickets[name] = (text, self.tickets[name][1])

    def delete(self, name: str, *, with_tombstone: bool) -> None:
        if self.tickets.pop(name, None) is not None and with_tombstone:
            self.tick += 1
            self.tombstones[name] = self.tick

    def call(self, size: int) -> None:
        """One request for so many items."""
        if self.races:
            self.races.pop(0)()
        if self.limited is not None:
            if self.limited_after == 0:
                raise self.limited
            self.limited_after -= 1
        self.sizes.append(size)
        if size > self.too_large:
            raise PageTooLarge(f"{size} items are too many")
        if size > self.slow:
            raise SourceUnavailable("the vendor timed out")


class FeedSession(Session):
    def __init__(self, world: Tracker, source: Source, stream: str) -> None:
        self.world = world
        self.pages = Size(world.page)
        self.source = source
        self.stream = stream

    def list(self, since: str | None) -> Listing:
        world, tick = self.world, str(self.world.tick)
        if since is not None:
            world.feeds += 1
            world.call(1)
            return self._changes(int(since))
        world.sweeps += 1
        names, entries = sorted(world.tickets), list[ListingEntry]()
        at = 0
        while at < len(names) or not names:
            size = self.pages.now
            try:
                world.call(size)
            except PageTooLarge:
                if not self.pages.halve(size):
                    raise
                continue
            except SourceUnavailable:
                if size <= AFTER_A_TIMEOUT:
                    raise
                self.pages.timed_out()
                continue
            self.pages.worked()
            entries += [
                self._entry(name) for name in names[at : at + size] if name in world.tickets
            ]
            at += size
            if not names:
                break
        return Listing(tick, entries)

    def touched(self, since: str, hints: Sequence[Hint]) -> Listing | None:
        names = {str(hint["ticket"]) for hint in hints if "ticket" in hint}
        if any("ticket" not in hint for hint in hints) or len(names) > self.world.most_named:
            return None
        self.world.hinted += 1
        self.world.call(len(names))
        present = sorted(name for name in names if name in self.world.tickets)
        gone = [self._id(name) for name in names if name in self.world.tombstones]
        return Listing(since, [*map(self._entry, present)], complete=False, gone=gone)

    def _changes(self, since: int) -> Listing:
        """With an overlap of one tick, as real feeds are read."""
        world = self.world
        touched = sorted(name for name, (_, tick) in world.tickets.items() if tick >= since)
        gone = [self._id(name) for name, tick in world.tombstones.items() if tick >= since]
        now = str(world.tick)
        if not touched and not gone:
            return Listing(now, unchanged=True, complete=False, current=True)
        entries = [self._entry(name) for name in touched]
        return Listing(now, entries, complete=False, current=True, gone=gone)

    def fetch(self, entries: Sequence[ListingEntry], watermark: str) -> Iterator[Fetched]:
        self.world.call(len(entries))
        if self.world.while_fetching is not None:
            self.world.while_fetching()
        if self.world.poisonous.intersection(entry.key for entry in entries):
            raise UnexpectedPayload("the answer cannot be read")
        for entry in entries:
            self.world.fetched.append(entry.key)
            if entry.key in self.world.broken:
                yield FetchFailure(entry, ValueError(f"{entry.key} is broken"))
            elif entry.key not in self.world.tickets:
                yield Gone(entry, confirmed=entry.key in self.world.tombstones)
            else:
                text, _ = self.world.tickets[entry.key]
                yield Document(
                    document_id=entry.document_id,
                    key=entry.key,
                    version=digest(text),
                    title=entry.key,
                    url=f"https://tracker.example/{entry.key}",
                    text=text,
                    path=f"{entry.key}.txt",
                )

    def _id(self, name: str) -> str:
        return document_id("tracker", self.source.identity, self.stream, name)

    def _entry(self, name: str) -> ListingEntry:
        return ListingEntry(self._id(name), name, digest(self.world.tickets[name][0]), name)


class TrackerConnector(Connector):
    name = "tracker"
    title = "Tracker"
    scope_format = "any name"
    streams = (TICKETS, REPLIES)
    settings_model = TrackerSettings

    def __init__(self, tickets: Tracker, replies: Tracker | None = None) -> None:
        self.worlds = {"tickets": tickets, "replies": replies or Tracker()}

    def parse_scope(self, scope: str) -> str:
        return scope

    def streams_of(self, source: Source) -> tuple[Stream, ...]:
        wants = TrackerSettings.model_validate(source.settings)
        return self.streams if wants.replies else (TICKETS,)

    def link(self, source: Source, settings: Settings) -> str:
        return "https://tracker.example"

    def scope_now(self, source: Source, settings: Settings, http: HttpClients) -> str:
        return self.worlds["tickets"].names.get(source.scope, source.scope)

    @contextmanager
    def open(
        self, source: Source, streams: Collection[str], settings: Settings, http: HttpClients
    ) -> Generator[Mapping[str, Session]]:
        self.worlds["tickets"].opened += 1
        yield {name: FeedSession(self.worlds[name], source, name) for name in streams}


@dataclass
class FeedToy:
    """One registered source of tickets, and what a test does with it."""

    stores: Stores
    source: Source
    world: Tracker
    clock: FakeClock

    @property
    def key(self) -> tuple[str, str]:
        return self.source.source_id, TICKETS.name

    def _sync(self) -> StreamSync:
        self.source = self.stores.registry.get(self.source.source_id)
        return StreamSync(self.stores, self.source, TrackerConnector(self.world), TICKETS)

    def sync(self, mode: SyncMode = "incremental") -> SyncReport:
        return sync_stream(self._sync(), mode)

    def read_again(self, *names: str, besides: Sequence[Hint] = ()) -> SyncReport:
        """A sync of what webhooks named, and of what else they said."""
        hints: list[Hint] = [{"ticket": name} for name in names]
        return sync_stream(self._sync(), "incremental", [*hints, *besides])

    def read_again_until(self, step: str, *names: str) -> None:
        """The same, killed after listing, or after fetching."""
        sync = self._sync()
        listing = sync.list("incremental", [{"ticket": name} for name in names])
        if step == "documents" and not listing.ends_sync:
            sync.sync_documents()

    def step(self, name: Literal["list", "documents", "index"]) -> None:
        """One step alone, as a process would that is killed after it."""
        if name == "list":
            self._sync().list("incremental")
        elif name == "documents":
            self._sync().sync_documents()
        else:
            self._sync().index_documents()

    def verify(self, *, repair: bool = False) -> VerifyReport:
        connector = TrackerConnector(self.world)
        return verify_stream(self.stores, self.source, connector, TICKETS, repair=repair)

    def differences(self) -> list[str]:
        """By the oracle."""
        texts = {
            f"{name}.txt": (digest(text), text) for name, (text, _) in self.world.tickets.items()
        }
        return oracle.differences(self.stores.settings.index_uri, self.source.source_id, texts)

    def versions(self) -> dict[str, int]:
        return oracle.table_versions(self.stores.settings.index_uri)
