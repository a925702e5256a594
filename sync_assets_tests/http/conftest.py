from collections.abc import Callable, Iterator
from contextlib import closing

import httpx
import pytest
from pydantic import SecretStr

from sync_assets.http.clients import HttpClients
from sync_assets.http.credentials import Credential, token_credential
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.http.server import Server, running_server
from sync_assets_tests.http.vendor import VENDOR

TOKEN = "tok3n-planted"


class Sleeps(list[float]):
    """A sleep that takes no time but the fake clock's; remembers each."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def __call__(self, seconds: float) -> None:
        self.append(seconds)
        self._clock.advance(seconds)


@pytest.fixture
def server() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture
def sleeps(clock: FakeClock) -> Sleeps:
    return Sleeps(clock)


@pytest.fixture
def clients(clock: FakeClock, sleeps: Sleeps) -> Iterator[HttpClients]:
    with closing(
        HttpClients(clock=clock, monotonic=clock.monotonic, sleep=sleeps, timeout_seconds=0.5)
    ) as clients:
        yield clients


@pytest.fixture
def credential() -> Credential:
    return token_credential(SecretStr(TOKEN))


@pytest.fixture
def client(clients: HttpClients, server: Server, credential: Credential) -> httpx.Client:
    return clients.client(VENDOR, server.url, credential)


Get = Callable[..., httpx.Response]
