"""A sixth vendor that lives in memory: the contract's smallest honest implementation."""

import json
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, Self

from sync_assets.connectors.base import Connector, Session, SourceSettings, Stream
from sync_assets.http.clients import HttpClients
from sync_assets.models import (
    Document,
    Fetched,
    FetchFailure,
    Listing,
    ListingEntry,
    Skip,
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

NOTES = Stream("notes", ("notes",), "Notes of the toy vendor.")


@dataclass
class World:
    """What the toy vendor holds, and how it misbehaves."""

    notes: dict[str, str] = field(default_factory=dict[str, str])
    broken: set[str] = field(default_factory=set[str])
    binary: set[str] = field(default_factory=set[str])
    outage: Exception | None = None
    complete: bool = True
    content_proven: bool = False
    while_listing: Callable[[], None] | None = None
    polls: int = 0
    fetched: list[str] = field(default_factory=list[str])

    def state(self) -> str:
        return digest(json.dumps([self.notes, sorted(self.binary)], sort_keys=True))


class ToySession(Session):
    relists = True

    def __init__(self, world: World, source: Source) -> None:
        self.world = world
        self.source = source

    def list(self, since: str | None) -> Listing:
        self.world.polls += 1
        state = self.world.state()
        listing = Listing(state, unchanged=True) if since == state else self.relist(state)
        if self.world.while_listing is not None:
            self.world.while_listing()
        return listing

    def relist(self, watermark: str) -> Listing:
        return Listing(
            watermark,
            [self._entry(name) for name in sorted(self.world.notes)],
            complete=self.world.complete,
            content_proven=self.world.content_proven,
        )

    def fetch(self, entries: Sequence[ListingEntry], watermark: str) -> Iterator[Fetched]:
        if self.world.outage is not None:
            raise self.world.outage
        for entry in entries:
            self.world.fetched.append(entry.key)
            if entry.key in self.world.broken:
                yield FetchFailure(entry, ValueError(f"{entry.key} is broken"))
            elif entry.key in self.world.binary:
                yield Skip(entry, "binary")
            else:
                text = self.world.notes[entry.key]
                yield Document(
                    document_id=entry.document_id,
                    key=entry.key,
                    version=digest(text),
                    title=entry.key,
                    url=f"https://toy.example/{entry.key}",
                    text=text,
                    path=f"{entry.key}.txt",
                )

    def _entry(self, name: str) -> ListingEntry:
        version = "binary" if name in self.world.binary else digest(self.world.notes[name])
        key = document_id("toy", self.source.identity, "notes", name)
        return ListingEntry(key, name, version, name)


class ToyConnector(Connector):
    name = "toy"
    title = "Toy"
    scope_format = "any name"
    streams = (NOTES,)
    settings_model = SourceSettings

    def __init__(self, world: World) -> None:
        self.world = world

    def parse_scope(self, scope: str) -> str:
        return scope

    def link(self, source: Source, settings: Settings) -> str:
        return "https://toy.example"

    @contextmanager
    def open(
        self, source: Source, streams: Collection[str], settings: Settings, http: HttpClients
    ) -> Generator[Mapping[str, ToySession]]:
        yield dict.fromkeys(streams, ToySession(self.world, source))


@dataclass
class Toy:
    """One registered toy source, and what a test does with it."""

    stores: Stores
    source: Source
    world: World
    clock: FakeClock

    @classmethod
    def with_notes(cls, stores: Stores, source: Source, clock: FakeClock) -> Self:
        """A toy that holds three notes."""
        world = World({"a": "one fish", "b": "two fish", "c": "red fish"})
        return cls(stores, source, world, clock)

    def sync(self, mode: SyncMode = "incremental") -> SyncReport:
        self.source = self.stores.registry.get(self.source.source_id)
        return sync_stream(
            StreamSync(self.stores, self.source, ToyConnector(self.world), NOTES), mode
        )

    def step(self, name: Literal["list", "documents", "index"]) -> None:
        """One step alone, as a process would that is killed after it."""
        sync = StreamSync(self.stores, self.source, ToyConnector(self.world), NOTES)
        if name == "list":
            sync.list("incremental")
        elif name == "documents":
            sync.sync_documents()
        else:
            sync.index_documents()

    def verify(self, *, repair: bool = False) -> VerifyReport:
        return verify_stream(
            self.stores, self.source, ToyConnector(self.world), NOTES, repair=repair
        )

    def differences(self) -> list[str]:
        """By the oracle."""
        searchable = {
            f"{name}.txt": (digest(text), text)
            for name, text in self.world.notes.items()
            if name not in self.world.binary
        }
        index = self.stores.settings.index_uri
        return oracle.differences(index, self.source.source_id, searchable)

    def versions(self) -> dict[str, int]:
        return oracle.table_versions(self.stores.settings.index_uri)
