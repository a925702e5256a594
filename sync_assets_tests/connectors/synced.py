"""What every vendor's tests do with a place in the sandbox and a source of it here."""

from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import AnyHttpUrl, JsonValue, SecretStr

from sync_assets.connectors.base import Connector, Hint, Session, Stream
from sync_assets.http.clients import HttpClients
from sync_assets.models import Source, SyncMode, SyncReport, VerifyReport
from sync_assets.sandbox.access import Tokens
from sync_assets.sandbox.linear.world import SANDBOX_TOKEN as LINEAR_KEY
from sync_assets.sandbox.notion.world import SANDBOX_TOKEN as NOTION_TOKEN
from sync_assets.sandbox.server import Sandbox
from sync_assets.sandbox.slack.world import SANDBOX_TOKEN as SLACK_TOKEN
from sync_assets.sandbox.vercel.world import SANDBOX_TOKEN as VERCEL_TOKEN
from sync_assets.settings import Settings
from sync_assets.stores import Stores, open_stores
from sync_assets.sync.engine import StreamSync, sync_stream
from sync_assets.sync.verify import verify_stream
from sync_assets_tests import oracle
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.homes import with_database

GITHUB_TOKEN = "ghs_1234567890abcdefghijklmnopqrstuvwxyz"
GITHUB_TOKENS: Tokens = {GITHUB_TOKEN: ("acme/*",)}


@dataclass
class Synced:
    """A source of one stream, once it is registered."""

    sandbox: Sandbox
    stores: Stores
    clock: FakeClock
    connector: Connector
    source_id: str = field(default="", init=False)

    @property
    def source(self) -> Source:
        return self.stores.registry.get(self.source_id)

    @property
    def stream(self) -> Stream:
        [stream] = self.connector.streams_of(self.source)
        return stream

    @property
    def index(self) -> str:
        return self.stores.settings.index_uri

    def register(self, scope: str, options: Mapping[str, JsonValue] | None = None) -> None:
        """Another source, which is the one from now on."""
        registry = self.stores.registry
        source = registry.add(self.connector.name, scope, {**(options or {})}, "*/15 * * * *")
        self.source_id = source.source_id

    @contextmanager
    def session(self) -> Generator[Session]:
        """The stream's session, opened anew as a process would."""
        stores, name = self.stores, self.stream.name
        with self.connector.open(self.source, [name], stores.settings, stores.http) as sessions:
            yield sessions[name]

    def sync(self, mode: SyncMode = "incremental", *hints: Hint) -> SyncReport:
        """One sync, and the log of requests begun anew."""
        self.sandbox.requests.clear()
        return sync_stream(self._stream_sync(), mode, hints)

    def read_again(self, *hints: Hint) -> SyncReport:
        """What webhooks named."""
        return self.sync("incremental", *hints)

    def step(self, last: str) -> None:
        """What a process does that is killed after `list`, or after `documents`."""
        sync = self._stream_sync()
        if not sync.list("incremental").ends_sync and last == "documents":
            sync.sync_documents()

    def approve(self) -> None:
        """An operator lets go what is held, and syncs again."""
        for approval in self.stores.approvals.all(state="held"):
            self.stores.approvals.approve(approval.approval_id)
            self.sync("full")

    def verify(self) -> VerifyReport:
        return verify_stream(self.stores, self.source, self.connector, self.stream)

    def rows(self, table: str = "documents") -> list[dict[str, Any]]:
        """As LanceDB has them."""
        return oracle.rows(self.index, table, self.source_id)

    def _stream_sync(self) -> StreamSync:
        return StreamSync(self.stores, self.source, self.connector, self.stream)


@contextmanager
def opened_stores(
    sandbox: Sandbox, home: Path, clock: FakeClock, **changed: JsonValue
) -> Generator[Stores]:
    """Stores with the tokens of all that the sandbox serves; waits are over at once."""
    settings = Settings(
        home=home,
        embedder="hash",
        lease_seconds=3_600,  # it is renewed by another clock than what waits here
        github_web_url=AnyHttpUrl(sandbox.url),
        github_api_url=AnyHttpUrl(f"{sandbox.url}/api/v3"),
        github_token=SecretStr(GITHUB_TOKEN),
        linear_api_url=AnyHttpUrl(f"{sandbox.url}/linear/graphql"),
        linear_api_key=SecretStr(LINEAR_KEY),
        notion_api_url=AnyHttpUrl(f"{sandbox.url}/notion/v1"),
        notion_token=SecretStr(NOTION_TOKEN),
        slack_api_url=AnyHttpUrl(f"{sandbox.url}/slack/api/"),
        slack_token=SecretStr(SLACK_TOKEN),
        vercel_api_url=AnyHttpUrl(f"{sandbox.url}/vercel"),
        vercel_token=SecretStr(VERCEL_TOKEN),
    ).model_copy(update=changed)
    with closing(open_stores(with_database(settings), clock=clock)) as stores:
        stores.http = HttpClients(clock=clock, monotonic=clock.monotonic, sleep=clock.advance)
        yield stores
