"""A tracker in the sandbox, its source here, and what a test does with both."""

from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from sync_assets.connectors.base import Hint, Session, Stream
from sync_assets.connectors.github.connector import GitHub
from sync_assets.models import Source, SyncMode, SyncReport, VerifyReport
from sync_assets.sandbox.github.limits import Limits
from sync_assets.sandbox.github.tracker import Tracker
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.stores import Stores
from sync_assets.sync.engine import StreamSync, sync_stream
from sync_assets.sync.verify import verify_stream
from sync_assets_tests.connectors.github import trackers
from sync_assets_tests.connectors.synced import GITHUB_TOKENS, opened_stores
from sync_assets_tests.fakes import FakeClock

REPOSITORY = "acme/shop"
STREAMS = ("pull_requests", "issues")


@dataclass
class Desk:
    """One repository's tracker and its source."""

    sandbox: Sandbox
    clock: FakeClock
    stores: Stores
    source_id: str
    connector: GitHub = field(default_factory=GitHub)

    @property
    def tracker(self) -> Tracker:
        repository = self.sandbox.repositories.all()[0]
        return self.sandbox.trackers.of(repository)

    @property
    def source(self) -> Source:
        return self.stores.registry.get(self.source_id)

    def sync(
        self, mode: SyncMode = "incremental", streams: Collection[str] = STREAMS
    ) -> dict[str, SyncReport]:
        """Both streams over sessions that are opened together, as the pipeline does it; the log of
        requests is begun anew.
        """
        self.sandbox.requests.clear()
        with self.sessions(streams) as syncs:
            return {name: sync_stream(sync, mode) for name, sync in syncs.items()}

    def read_again(self, stream: str, *hints: Hint) -> SyncReport:
        """What webhooks named, in a run of its own."""
        self.sandbox.requests.clear()
        with self.sessions([stream]) as syncs:
            return sync_stream(syncs[stream], "incremental", hints)

    @contextmanager
    def sessions(self, streams: Collection[str] = STREAMS) -> Generator[dict[str, StreamSync]]:
        source, stores = self.source, self.stores
        with self.connector.open(source, streams, stores.settings, stores.http) as sessions:
            yield {
                stream.name: self._stream_sync(source, stream, sessions[stream.name])
                for stream in self.connector.streams_of(source)
                if stream.name in streams
            }

    def verify(self) -> list[VerifyReport]:
        return [
            verify_stream(self.stores, self.source, self.connector, stream)
            for stream in self.connector.streams_of(self.source)
            if stream.name in STREAMS
        ]

    def differences(self) -> list[str]:
        """By the oracle."""
        self.sandbox.trackers.lock.acquire()
        try:
            return trackers.differences(
                self.stores.settings.index_uri, self.source_id, self.tracker
            )
        finally:
            self.sandbox.trackers.lock.release()

    def asked(self) -> list[str]:
        """The requests of the last sync: a GraphQL operation's name, or a path."""
        return [each.service or each.path for each in self.sandbox.requests]

    def _stream_sync(self, source: Source, stream: Stream, session: Session) -> StreamSync:
        return StreamSync(self.stores, source, self.connector, stream, session=session)


@contextmanager
def open_desk(
    home: Path, *, settings: dict[str, JsonValue] | None = None, **changed: JsonValue
) -> Generator[Desk]:
    """A desk on an empty tracker. `settings` are the source's, `changed` ours."""
    clock = FakeClock()
    limits = Limits(clock=lambda: clock().timestamp())
    with running_sandbox(
        home / "served", clock=clock, tokens=GITHUB_TOKENS, limits=limits
    ) as sandbox:
        sandbox.repositories.create(REPOSITORY)
        with opened_stores(sandbox, home, clock, **changed) as stores:
            options: dict[str, JsonValue] = {"streams": [*STREAMS], **(settings or {})}
            checked = GitHub.settings_model.model_validate(options).model_dump(mode="json")
            source = stores.registry.add("github", REPOSITORY, checked, "*/15 * * * *")
            yield Desk(sandbox, clock, stores, source.source_id)
