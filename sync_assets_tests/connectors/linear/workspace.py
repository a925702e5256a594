"""A Linear workspace in the sandbox, its source here, and what a test does with both."""

from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import AnyHttpUrl, SecretStr

from sync_assets.connectors.base import Hint
from sync_assets.connectors.linear.connector import Linear
from sync_assets.http.clients import HttpClients
from sync_assets.models import Source, SyncMode, SyncReport, VerifyReport
from sync_assets.sandbox.linear.records import Issue
from sync_assets.sandbox.linear.world import SANDBOX_TOKEN, LinearWorld
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.settings import Settings
from sync_assets.stores import Stores, open_stores
from sync_assets.sync.engine import StreamSync, sync_stream
from sync_assets.sync.verify import verify_stream
from sync_assets_tests import oracle
from sync_assets_tests.connectors.linear import issues
from sync_assets_tests.fakes import FakeClock

DAY = 24 * 3_600


@dataclass
class Workspace:
    """Two teams, two people, and a source of one of the teams."""

    sandbox: Sandbox
    stores: Stores
    source_id: str
    clock: FakeClock

    @property
    def world(self) -> LinearWorld:
        return self.sandbox.linear

    @property
    def source(self) -> Source:
        return self.stores.registry.get(self.source_id)

    @property
    def index(self) -> str:
        return self.stores.settings.index_uri

    def open_issue(self, title: str, description: str | None = None) -> Issue:
        return self.world.open_issue("ENG", title, description)

    def sync(self, mode: SyncMode = "incremental") -> SyncReport:
        """One sync, and the log of requests begun anew."""
        self.sandbox.requests.clear()
        return sync_stream(self._stream_sync(), mode)

    def read_again(self, *hints: Hint) -> SyncReport:
        """What webhooks named."""
        self.sandbox.requests.clear()
        return sync_stream(self._stream_sync(), "incremental", hints)

    def settle(self) -> None:
        """What the last sync saw is no change any more."""
        self.clock.advance(300)
        self.sync()

    def step(self, last: Literal["list", "documents"]) -> None:
        """What a process does that is killed after that step."""
        sync = self._stream_sync()
        if not sync.list("incremental").ends_sync and last == "documents":
            sync.sync_documents()

    def approve(self) -> None:
        """An operator lets go what is held, and syncs again."""
        for approval in self.stores.approvals.all(state="held"):
            self.stores.approvals.approve(approval.approval_id)
            self.sync("full")

    def verify(self) -> VerifyReport:
        connector = Linear()
        return verify_stream(self.stores, self.source, connector, connector.streams[0])

    def asked(self) -> list[str]:
        """The operations of the last sync."""
        return [request.service for request in self.sandbox.requests]

    def texts(self) -> dict[str, str]:
        """Key -> text, as LanceDB has them."""
        return {row["key"]: row["text"] for row in self._rows("documents")}

    def links(self) -> set[tuple[str, str]]:
        return {(row["kind"], row["target"]) for row in self._rows("links")}

    def differences(self) -> list[str]:
        """By the oracle."""
        with self.world.lock:
            scope = None if self.source.scope == "workspace" else self.source.scope
            return issues.differences(self.index, self.source_id, self.world, scope)

    def _rows(self, table: str) -> list[dict[str, str]]:
        return oracle.rows(self.index, table, self.source_id)

    def _stream_sync(self) -> StreamSync:
        connector = Linear()
        return StreamSync(self.stores, self.source, connector, connector.streams[0])


@contextmanager
def running_workspace(folder: Path, clock: FakeClock, scope: str = "ENG") -> Generator[Workspace]:
    """Nothing is synced yet."""
    with running_sandbox(folder / "served", clock=clock) as sandbox:
        world = sandbox.linear
        world.create_team("ENG", "Engineering")
        world.create_team("OPS", "Operations")
        world.join("mara", "Mara Lind")
        world.join("tomas", "Tomas Ek")
        settings = Settings(
            home=folder / "home",
            embedder="hash",
            linear_api_url=AnyHttpUrl(f"{sandbox.url}/linear/graphql"),
            linear_api_key=SecretStr(SANDBOX_TOKEN),
        )
        with closing(open_stores(settings, clock=clock)) as stores:
            stores.http = HttpClients(clock=clock, monotonic=clock.monotonic, sleep=clock.advance)
            source = stores.registry.add("linear", scope, {}, "*/15 * * * *")
            yield Workspace(sandbox, stores, source.source_id, clock)
