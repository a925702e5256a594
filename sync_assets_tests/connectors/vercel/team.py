"""A Vercel team in the sandbox, its source here, and an oracle that asks only these two stores."""

import json
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import lancedb
from pydantic import AnyHttpUrl, SecretStr

from sync_assets.connectors.base import Hint
from sync_assets.connectors.vercel.connector import Vercel
from sync_assets.models import Source, SyncMode, SyncReport, VerifyReport
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.sandbox.vercel.world import FINAL, VercelWorld
from sync_assets.settings import Settings
from sync_assets.stores import Stores, open_stores
from sync_assets.sync.engine import StreamSync, sync_stream
from sync_assets.sync.verify import verify_stream
from sync_assets_tests.fakes import FakeClock

TOKEN = "vercel-sandbox-token"


@dataclass
class Team:
    """What a test does with them."""

    sandbox: Sandbox
    stores: Stores
    source: Source
    clock: FakeClock

    @property
    def world(self) -> VercelWorld:
        return self.sandbox.vercel

    @property
    def index(self) -> str:
        return self.stores.settings.index_uri

    def sync(self, mode: SyncMode = "incremental") -> SyncReport:
        """One sync, and the log of requests begun anew."""
        self.sandbox.requests.clear()
        return sync_stream(self._stream_sync(), mode)

    def read_again(self, *hints: Hint) -> SyncReport:
        """What webhooks named."""
        self.sandbox.requests.clear()
        return sync_stream(self._stream_sync(), "incremental", hints)

    def step(self, name: str) -> None:
        """What a process does that is killed after listing, or after fetching."""
        sync = self._stream_sync()
        if not sync.list("incremental").unchanged and name == "documents":
            sync.sync_documents()

    def approve(self) -> None:
        """An operator lets go what is held, and syncs again."""
        for approval in self.stores.approvals.all(state="held"):
            self.stores.approvals.approve(approval.approval_id)
            self.sync("full")

    def verify(self) -> VerifyReport:
        connector = Vercel()
        return verify_stream(self.stores, self.source, connector, connector.streams[0])

    def asked(self) -> list[str]:
        """The paths of the last sync."""
        return [request.path.removeprefix("/vercel") for request in self.sandbox.requests]

    def held(self) -> dict[str, tuple[str, str]]:
        """Deployment -> state and text, as LanceDB has them."""
        database = lancedb.connect(self.index)
        if "documents" not in database.list_tables().tables:
            return {}
        rows = database.open_table("documents").to_arrow().to_pylist()
        facts = [(json.loads(row["metadata"]), row["text"]) for row in rows]
        return {fact["id"]: (fact["state"], text) for fact, text in facts if "id" in fact}

    def differences(self) -> list[str]:
        """By the sandbox's own state: deployments, states, and every line of every log."""
        held, now, found = self.held(), self.world.now, list[str]()
        visible = [each for each in self.world.listed(None) if each.deleted is None]
        for gone in held.keys() - {each.id for each in visible}:
            found.append(f"{gone} is not there")
        for each in visible:
            state, text = held.get(each.id, ("nothing", ""))
            if state != each.state(now).lower():
                found.append(f"{each.id} is {each.state(now)}, not {state}")
            elif each.state(now) in FINAL and not all(line in text for line in each.log):
                found.append(f"{each.id}: its log is not whole")
            elif each.substate == "PROMOTED" and "promoted" not in text:
                found.append(f"{each.id} is promoted")
        return found

    def _stream_sync(self) -> StreamSync:
        self.source = self.stores.registry.get(self.source.source_id)
        connector = Vercel()
        return StreamSync(self.stores, self.source, connector, connector.streams[0])


@contextmanager
def running_team(folder: Path, clock: FakeClock, scope: str = "acme/shop") -> Generator[Team]:
    """A team with the projects `shop` and `docs`, and a source that is not synced yet."""
    with running_sandbox(folder / "served", clock=clock) as sandbox:
        settings = Settings(
            home=folder / "home",
            embedder="hash",
            vercel_api_url=AnyHttpUrl(f"{sandbox.url}/vercel"),
            vercel_token=SecretStr(TOKEN),
        )
        sandbox.vercel.create_project("shop")
        sandbox.vercel.create_project("docs")
        with closing(open_stores(settings, clock=clock)) as stores:
            source = stores.registry.add("vercel", scope, {}, "*/15 * * * *")
            yield Team(sandbox, stores, source, clock)
