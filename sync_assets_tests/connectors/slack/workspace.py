"""A Slack workspace in the sandbox, its source here, and an oracle that asks only these two."""

import json
from collections import defaultdict
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import lancedb
from pydantic import AnyHttpUrl, JsonValue, SecretStr

from sync_assets.connectors.base import Hint
from sync_assets.connectors.slack.connector import Slack
from sync_assets.http.clients import HttpClients
from sync_assets.models import Source, SyncMode, SyncReport, VerifyReport
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.sandbox.slack.world import Channel, Message, SlackWorld
from sync_assets.settings import Settings
from sync_assets.stores import Stores, open_stores
from sync_assets.sync.engine import StreamSync, sync_stream
from sync_assets.sync.verify import verify_stream
from sync_assets_tests.fakes import FakeClock

CHANNEL = "C0PAYMENTS"
MARA, TOMAS = "U0MARA", "U0TOMAS"


@dataclass
class Workspace:
    """What a test does with them."""

    sandbox: Sandbox
    stores: Stores
    source: Source
    clock: FakeClock

    @property
    def world(self) -> SlackWorld:
        return self.sandbox.slack

    @property
    def channel(self) -> Channel:
        return self.world.channels[CHANNEL]

    @property
    def index(self) -> str:
        return self.stores.settings.index_uri

    def post(self, text: str, user: str = MARA, at: datetime | None = None) -> Message:
        self.clock.advance(1)
        return self.world.post(CHANNEL, user, text, at=at)

    def reply(
        self,
        parent: Message,
        text: str,
        user: str = TOMAS,
        *,
        at: datetime | None = None,
        broadcast: bool = False,
    ) -> Message:
        self.clock.advance(1)
        return self.world.reply(CHANNEL, parent, user, text, at=at, broadcast=broadcast)

    def be_patient(self) -> None:
        """Calls wait by the test's own clock."""
        clock, settings = self.clock, self.stores.settings
        self.stores.http = HttpClients(clock=clock, monotonic=clock.monotonic, sleep=clock.advance)
        patient = {"lease_seconds": 3_600}  # it is renewed by another clock than what waits here
        self.stores.settings = settings.model_copy(update=patient)

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
        connector = Slack()
        return verify_stream(self.stores, self.source, connector, connector.streams[0])

    def asked(self) -> list[str]:
        """The methods called in the last sync."""
        return [request.path.rpartition("/")[2] for request in self.sandbox.requests]

    def held(self) -> dict[str, str]:
        """Key without the channel -> text, as LanceDB has them."""
        database = lancedb.connect(self.index)
        if "documents" not in database.list_tables().tables:
            return {}
        rows = database.open_table("documents").to_arrow().to_pylist()
        return {row["key"].partition("/")[2]: row["text"] for row in rows}

    def chunks(self) -> str:
        """The text of everything that is found."""
        rows = lancedb.connect(self.index).open_table("chunks").to_arrow().to_pylist()
        return json.dumps([row["text"] for row in rows])

    def expected(self) -> dict[str, list[str]]:
        """By the sandbox's own state: document -> what it must say, in order."""
        documents = defaultdict[str, list[str]](list)
        for ts in sorted(self.channel.messages):
            message = self.channel.messages[ts]
            day = f"{datetime.fromtimestamp(float(ts), UTC):%Y-%m-%d}"
            if message.subtype == "channel_join":
                continue
            replies = self.channel.replies(ts)
            if replies:
                members = [message, *replies]
                documents[f"{day}/{ts}"] = [
                    "(deleted)" if each.subtype == "tombstone" else each.text for each in members
                ]
            elif message.thread is None or message.is_broadcast:
                documents[day].append(message.text)
        return documents

    def differences(self) -> list[str]:
        """What is missing, too much, or says something else."""
        held, expected, found = self.held(), self.expected(), list[str]()
        found += [f"{key} is not there" for key in held.keys() - expected.keys()]
        for key, texts in expected.items():
            if key not in held:
                found.append(f"{key} is missing")
            elif _said(held[key]) != texts:
                found.append(f"{key} says something else")
        return sorted(found)

    def _stream_sync(self) -> StreamSync:
        self.source = self.stores.registry.get(self.source.source_id)
        connector = Slack()
        return StreamSync(self.stores, self.source, connector, connector.streams[0])


def _said(text: str) -> list[str]:
    """The words of each message; each is one paragraph below its speaker's line."""
    paragraphs = text.rstrip("\n").split("\n\n")
    return paragraphs[1::2]


@contextmanager
def running_workspace(
    folder: Path, clock: FakeClock, settings: Mapping[str, JsonValue] | None = None
) -> Generator[Workspace]:
    """A workspace with two members and a channel, and a source that is not synced yet."""
    with running_sandbox(folder / "served", clock=clock) as sandbox:
        chosen = Settings(
            home=folder / "home",
            embedder="hash",
            slack_api_url=AnyHttpUrl(f"{sandbox.url}/slack/api/"),
            slack_token=SecretStr("xoxb-sandbox-token"),
        )
        sandbox.slack.create_channel(CHANNEL, "payments")
        sandbox.slack.join(MARA, "Mara Lind")
        sandbox.slack.join(TOMAS, "Tomas Ek")
        with closing(open_stores(chosen, clock=clock)) as stores:
            source = stores.registry.add("slack", CHANNEL, dict(settings or {}), "*/15 * * * *")
            yield Workspace(sandbox, stores, source, clock)
