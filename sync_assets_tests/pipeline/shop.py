"""A repository at the sandbox's GitHub and its source, told of by signed calls."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from pydantic import AnyHttpUrl, JsonValue, SecretStr

from sync_assets import sources
from sync_assets.connectors.github.webhook import HOOK_EVENTS
from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.models import Source
from sync_assets.pipeline.resources import GivenStores
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.server.verdict import Store, verdict
from sync_assets.settings import Settings
from sync_assets_tests import oracle
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.pipeline.conftest import Pipeline
from sync_assets_tests.pipeline.deliveries import asked, run
from sync_assets_tests.sandbox.hearing import Receiver, receiving
from sync_assets_tests.toy import World

NAME, TOKEN = "acme/shop", "ghs_1234567890abcdefghijklmnopqrstuvwxyz"
SECRET = "It's a Secret to Everybody"


@dataclass
class Shop:
    """A repository at GitHub, and its source, synced. `readable` is what the token reads."""

    sandbox: Sandbox
    receiver: Receiver
    readable: list[str]
    pipeline: Pipeline
    source_id: str

    @property
    def repository(self) -> Repository:
        return self.sandbox.repositories.all()[0]

    @property
    def source(self) -> Source:
        return self.pipeline.stores.registry.get(self.source_id)

    @property
    def error(self) -> str:
        return self.source.last_error or ""

    def hear(self) -> None:
        """What GitHub called us with since: as the receiver takes it."""
        self.sandbox.post.drain()
        for call in self.receiver.heard:
            now = self.pipeline.clock()
            said = verdict(WEBHOOKS["github"], call.headers, call.body, [SECRET], now)
            if isinstance(said, Store):
                self.pipeline.stores.inbox.store([said.incoming])
        self.receiver.heard.clear()

    def bring_in(self) -> list[bool]:
        """What is told and waits, and what follows from it: which runs ended well."""
        self.hear()
        succeeded: list[bool] = []
        while True:
            results = run(self.pipeline, asked(self.pipeline))
            results += run(self.pipeline, self.pipeline.tick("registry_sync").run_requests or [])
            if not results:
                return succeeded
            succeeded += [result.success for result in results]

    def told(self) -> dict[str, str]:
        """What became of the last of each kind."""
        newest = reversed(self.pipeline.stores.inbox.newest())
        return {each.kind: each.state for each in newest}

    def stored(self) -> set[str]:
        return {*self.pipeline.stores.reader.documents_stored(self.source_id, "files")}

    def differences(self) -> list[str]:
        head = self.repository.head() or ""
        files = oracle.searchable_files(self.repository.path, head)
        return oracle.differences(
            self.pipeline.given.settings.index_uri, self.source.source_id, files
        )


@contextmanager
def opened(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    sandbox: Sandbox,
    settings: Settings,
    clock: FakeClock,
    *,
    given: type[GivenStores] = GivenStores,
    **options: JsonValue,
) -> Generator[Pipeline]:
    """With the source of `acme/shop` and its `options`, which is not synced yet."""
    urls = {"web": sandbox.url, "api": f"{sandbox.url}/api/v3"}
    addresses = {f"github_{name}_url": AnyHttpUrl(url) for name, url in urls.items()}
    provider = given(settings.model_copy(update=addresses), clock=clock)
    with provider.open() as stores:
        sources.register(stores.registry, "github", NAME, options)
        yield Pipeline(defs, instance, provider, stores, World(), clock)


@contextmanager
def open_shop(
    folder: Path,
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    clock: FakeClock,
    *,
    given: type[GivenStores] = GivenStores,
    **options: JsonValue,
) -> Generator[Shop]:
    """By a token, told by hooks of the repository and of both owners."""
    with ExitStack() as stack:
        readable = ["acme/*"]
        served = running_sandbox(folder / "served", clock=clock, tokens={TOKEN: readable})
        sandbox = stack.enter_context(served)
        receiver = stack.enter_context(receiving())
        repository = sandbox.repositories.create(NAME)
        repository.commit({"a.py": "def a():\n    return 1\n", "b.md": "# About b\n"})
        for place in (repository.number, "acme", "mara"):
            sandbox.hooks.add(place, receiver.url, secret=SECRET, events=HOOK_EVENTS)
        settings = Settings(home=folder / "home", embedder="hash", github_token=SecretStr(TOKEN))
        made = opened(defs, instance, sandbox, settings, clock, given=given, **options)
        pipeline = stack.enter_context(made)
        shop = Shop(sandbox, receiver, readable, pipeline, f"github:{NAME}")
        shop.bring_in()
        yield shop
