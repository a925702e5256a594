"""The sandbox's GitHub, a receiver at our address, and the stores that stand between them."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import AnyHttpUrl, SecretStr

from sync_assets.sandbox.github.hooks import Hook
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.settings import Settings
from sync_assets.stores import Stores, open_stores
from sync_assets.webhooks.missed import redeliver_missed
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.homes import with_database
from sync_assets_tests.sandbox.hearing import Receiver, receiving

TOKEN = "a-token-of-an-administrator"
SECRET = "It's a Secret to Everybody"
SHOP = "github:acme/shop"


@dataclass(frozen=True, slots=True)
class Shop:
    """A registered repository and what is around it."""

    sandbox: Sandbox
    repository: Repository
    receiver: Receiver
    stores: Stores
    clock: FakeClock

    def hook(self) -> Hook:
        """One for pushes, that calls the receiver."""
        url = self.receiver.url
        return self.sandbox.hooks.add(self.repository.number, url, secret=SECRET, events=["push"])

    def push(self, *texts: str) -> None:
        """A commit each, told to whom it may concern."""
        for text in texts:
            self.repository.commit({"a.txt": text})
        self.sandbox.post.drain()

    def check(self) -> list[str]:
        """One reading of the log, ten minutes later, and what it says."""
        said: list[str] = []
        self.clock.advance(600)
        redeliver_missed(self.stores, said.append)
        self.sandbox.post.drain()
        return said


@pytest.fixture
def sandbox(tmp_path: Path, clock: FakeClock) -> Generator[Sandbox]:
    tokens = {TOKEN: ("acme/*",)}
    with running_sandbox(tmp_path / "served", clock=clock, tokens=tokens) as sandbox:
        yield sandbox


@pytest.fixture
def receiver() -> Generator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def settings(tmp_path: Path, sandbox: Sandbox, receiver: Receiver) -> Settings:
    """`public_url` is where the receiver listens."""
    chosen = Settings(
        home=tmp_path / "home",
        embedder="hash",
        github_web_url=AnyHttpUrl(sandbox.url),
        github_api_url=AnyHttpUrl(f"{sandbox.url}/api/v3"),
        github_token=SecretStr(TOKEN),
        github_webhook_secret=SecretStr(SECRET),
        public_url=AnyHttpUrl(receiver.url.removesuffix("/webhooks/github")),
    )
    return with_database(chosen)


@pytest.fixture
def stores(settings: Settings, clock: FakeClock) -> Iterator[Stores]:
    with closing(open_stores(settings, clock=clock)) as stores:
        yield stores


@pytest.fixture
def shop(sandbox: Sandbox, receiver: Receiver, stores: Stores, clock: FakeClock) -> Shop:
    """`acme/shop`, registered, without a hook."""
    repository = sandbox.repositories.create("acme/shop")
    stores.registry.add("github", "acme/shop", {}, "0 0 * * *")
    return Shop(sandbox, repository, receiver, stores, clock)
