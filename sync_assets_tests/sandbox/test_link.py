import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from sync_assets.sandbox.connection import Connection
from sync_assets.sandbox.link import Link
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets_tests.sandbox.git_client import clone

REFS = "/acme/shop.git/info/refs?service=git-upload-pack"


class Stopwatch:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class TimedConnection(Connection):
    """A connection whose pauses pass at once on the stopwatch."""

    def __init__(self, watch: Stopwatch) -> None:
        super().__init__()
        self.watch = watch

    async def pause(self, seconds: float) -> None:
        self.watch.now += max(seconds, 0.0)
        await asyncio.sleep(0)


def test_only_a_connections_first_request_pays_for_the_handshakes():
    watch = Stopwatch()
    link = Link(round_trip_seconds=0.08, clock=watch)
    connection = TimedConnection(watch)
    spent: list[float] = []
    for _ in range(3):
        connection.requests += 1
        before = watch.now
        asyncio.run(link.travel(connection))
        spent.append(round(watch.now - before, 6))
    assert spent == [0.24, 0.08, 0.08]


def test_concurrent_bodies_share_the_bandwidth():
    watch = Stopwatch()
    link = Link(megabits_per_second=8, clock=watch)

    async def carry_together() -> None:
        connections = [TimedConnection(watch) for _ in range(4)]
        await asyncio.gather(*(link.carry(250_000, connection) for connection in connections))

    asyncio.run(carry_together())
    assert watch.now - 100 == pytest.approx(1.0)


def test_an_idle_link_saves_nothing_up():
    watch = Stopwatch()
    link = Link(megabits_per_second=8, clock=watch)
    connection = TimedConnection(watch)
    asyncio.run(link.carry(100_000, connection))
    watch.now += 60
    before = watch.now
    asyncio.run(link.carry(100_000, connection))
    assert watch.now - before == pytest.approx(0.1)


def test_no_link_is_no_delay():
    watch = Stopwatch()
    connection = TimedConnection(watch)
    link = Link(clock=watch)
    asyncio.run(link.travel(connection))
    asyncio.run(link.carry(10**9, connection))
    assert watch.now == 100


def served(sandbox: Sandbox) -> None:
    content = {f"{n}.bin": bytes((n * k) % 251 for k in range(1000)) for n in range(100)}
    sandbox.repositories.create("acme/shop").commit({**content, "a.md": "1"})


def test_a_clone_takes_its_round_trips_and_its_bytes(tmp_path: Path):
    with running_sandbox(tmp_path / "served", link=Link(0.05, 2)) as sandbox:
        served(sandbox)
        started = time.monotonic()
        clone(sandbox, "acme/shop", tmp_path / "clone", "--depth=1")
        elapsed = time.monotonic() - started
        carried = sum(request.bytes_in + request.bytes_out for request in sandbox.requests)
    assert len(sandbox.requests) == 3
    assert elapsed >= (3 + 2) * 0.05 + carried * 8 / 2_000_000


def test_clients_at_the_same_time_are_as_slow_as_their_bytes_together(tmp_path: Path):
    with running_sandbox(tmp_path / "served") as sandbox:
        served(sandbox)
        sandbox.link.megabits_per_second = 4
        started = time.monotonic()
        with ThreadPoolExecutor(3) as pool:
            for number in range(3):
                pool.submit(clone, sandbox, "acme/shop", tmp_path / f"clone{number}", "--depth=1")
        elapsed = time.monotonic() - started
        carried = sum(request.bytes_in + request.bytes_out for request in sandbox.requests)
    assert elapsed >= carried * 8 / 4_000_000


def test_a_kept_connection_saves_two_round_trips(tmp_path: Path):
    with running_sandbox(tmp_path / "served", link=Link(0.1)) as sandbox, httpx.Client() as client:
        served(sandbox)
        first, second = (client.get(sandbox.url + REFS).elapsed for _ in range(2))
    assert first.total_seconds() >= 0.3
    assert 0.1 <= second.total_seconds() < first.total_seconds()
