"""The governor around real calls, on a clock that the test moves."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus

import httpx
import pytest

from sync_assets.control.budgets import BudgetKey, Budgets
from sync_assets.control.database import ControlDatabase
from sync_assets.errors import RateLimited
from sync_assets.http.clients import HttpClients
from sync_assets.http.credentials import Credential
from sync_assets.http.policy import Priority, Rules, quiet_hours
from sync_assets.http.usage import Usage, used_since
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.http.conftest import Sleeps
from sync_assets_tests.http.server import Received, Reply, Server
from sync_assets_tests.http.vendor import VENDOR

Opened = Callable[[Rules], HttpClients]
HOUR = 3600


@pytest.fixture
def opened(database: ControlDatabase, clock: FakeClock, sleeps: Sleeps) -> Iterator[Opened]:
    """Clients as another process would have them, on the one database."""
    every: list[HttpClients] = []

    def opened(rules: Rules) -> HttpClients:
        every.append(
            HttpClients(
                budgets=Budgets(database),
                rules=rules,
                clock=clock,
                monotonic=clock.monotonic,
                sleep=sleeps,
                timeout_seconds=5,
            )
        )
        return every[-1]

    yield opened
    for clients in every:
        clients.close()


@pytest.fixture
def counting(server: Server, clock: FakeClock) -> Server:
    """A vendor with 60 points an hour, which it counts and never refuses."""
    reset = clock().timestamp() + HOUR
    lock, used = threading.Lock(), list[int]()

    def answer(_: Received) -> Reply:
        with lock:
            used.append(1)
            left = 60 - len(used)
        return Reply(headers={"x-limit": "60", "x-remaining": str(left), "x-reset": str(reset)})

    server.answers = answer
    return server


def spend(client: httpx.Client) -> RateLimited:
    """Call until the governor says no."""
    for _ in range(100):
        try:
            client.get("things")
        except RateLimited as error:
            return error
    raise AssertionError("100 calls were let through")


@pytest.mark.parametrize(
    ("priority", "calls"),
    [(Priority.WEBHOOK, 60), (Priority.SCHEDULE, 50), (Priority.BACKFILL, 40)],
)
def test_who_may_use_how_much_of_a_budget(  # noqa: PLR0917 - fixtures
    priority: Priority,
    calls: int,
    opened: Opened,
    counting: Server,
    credential: Credential,
    clock: FakeClock,
):
    clients = opened(Rules(reserve_points=10))
    clients.priority = priority

    error = spend(clients.client(VENDOR, counting.url, credential))

    assert len(counting.requests) == calls
    assert error.retry_at == clock() + timedelta(seconds=HOUR + 1)
    assert str(error) == (
        f"GET {counting.url}/things: its rate budget `core` is used up,"
        " until 2026-01-01 13:00:01 UTC"
    )


def test_when_the_hour_is_over_calls_go_on(
    opened: Opened, counting: Server, credential: Credential, clock: FakeClock
):
    client = opened(Rules()).client(VENDOR, counting.url, credential)
    spend(client)

    clock.advance(HOUR + 1)
    client.get("things")

    assert len(counting.requests) == 61


def test_a_short_wait_is_waited_for(
    opened: Opened, counting: Server, credential: Credential, clock: FakeClock, sleeps: Sleeps
):
    client = opened(Rules()).client(VENDOR, counting.url, credential)
    spend(client)
    clock.advance(HOUR - 20)

    client.get("things")

    assert sleeps == [21.0]


def test_two_processes_share_a_budget_and_close_gives_back_what_is_unused(
    opened: Opened, counting: Server, credential: Credential
):
    first, second = opened(Rules()), opened(Rules())
    for _ in range(10):
        first.client(VENDOR, counting.url, credential).get("things")
    first.close()

    spend(second.client(VENDOR, counting.url, credential))

    assert len(counting.requests) == 60


def test_in_quiet_hours_only_webhooks_call(
    opened: Opened, counting: Server, credential: Credential, clock: FakeClock
):
    clients = opened(Rules(quiet=quiet_hours("11:00-12:30")))
    client = clients.client(VENDOR, counting.url, credential)

    with pytest.raises(RateLimited, match="quiet hours, until 2026-01-01 12:30:00") as caught:
        client.get("things")
    assert caught.value.retry_at == clock() + timedelta(minutes=30)
    clients.priority = Priority.WEBHOOK
    client.get("things")
    clients.priority = Priority.SCHEDULE
    clock.advance(1800)
    client.get("things")


@pytest.mark.parametrize(
    ("hours", "now", "end"),
    [
        ("22:00-06:00", 23, 30),
        ("22:00-06:00", 3, 6),
        ("22:00-06:00", 12, None),
        ("09:00-17:00", 17, None),
        ("09:00-17:00", 9, 17),
    ],
)
def test_quiet_hours_may_go_over_midnight(hours: str, now: int, end: int | None):
    midnight = FakeClock()().replace(hour=0)
    quiet = quiet_hours(hours)
    assert quiet is not None

    until = quiet.until(midnight + timedelta(hours=now))

    assert until == (None if end is None else midnight + timedelta(hours=end))


def test_after_a_refusal_no_thread_sends_another_call(
    opened: Opened, server: Server, credential: Credential
):
    threads = 8
    refusing = threading.Event()

    def answer(_: Received) -> Reply:
        if len(server.requests) > 40:
            refusing.set()
        if refusing.is_set():
            return Reply(HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": "3600"})
        return Reply()

    server.answers = answer
    client = opened(Rules()).client(VENDOR, server.url, credential)
    every = [threading.Thread(target=spend, args=(client,)) for _ in range(threads)]
    for thread in every:
        thread.start()
    for thread in every:
        thread.join()

    assert 40 < len(server.requests) <= 40 + threads
    with pytest.raises(RateLimited):
        client.get("things")
    assert len(server.requests) <= 40 + threads


def test_a_refusal_stops_other_processes_though_they_hold_points(
    opened: Opened, server: Server, credential: Credential, clock: FakeClock
):
    server.script(Reply(), Reply(), Reply(), Reply(429, {"Retry-After": "3600"}))
    one, other = (opened(Rules()).client(VENDOR, server.url, credential) for _ in range(2))
    one.get("things")
    one.get("things")
    other.get("things")

    with pytest.raises(RateLimited):
        one.get("things")
    clock.advance(0.2)
    with pytest.raises(
        RateLimited, match=r"/things: vendor asked us to wait, until 2026-01-01 13:"
    ):
        other.get("things")

    assert len(server.requests) == 4


def test_a_budget_is_that_of_one_credential_host_and_resource(
    opened: Opened, counting: Server, credential: Credential, database: ControlDatabase
):
    client = opened(Rules()).client(VENDOR, counting.url, credential)
    client.get("things")
    client.get("search/things")
    opened(Rules()).close()

    host = counting.url.removeprefix("http://")
    assert [key for key, _ in Budgets(database).all()] == [
        BudgetKey(host, credential.key, "core"),
        BudgetKey(host, credential.key, "search"),
    ]


def test_usage_counts_calls_points_and_bytes(
    opened: Opened, server: Server, credential: Credential
):
    server.script(Reply(body=b'"12345678"'))
    clients = opened(Rules())
    client = clients.client(VENDOR, server.url, credential)
    client.get("things")
    client.get("things", extensions={"cost": 5})
    with client.stream("GET", "search/x", extensions={"stream": True}) as response:
        response.read()

    assert clients.usage() == [
        Usage("vendor", "core", calls=2, points=6, bytes=20),
        Usage("vendor", "search", calls=1, points=1, bytes=10),
    ]


def test_usage_tells_what_is_left_though_nothing_was_reported_yet(
    opened: Opened, counting: Server, credential: Credential
):
    clients, other = opened(Rules()), opened(Rules())
    for _ in range(7):
        clients.client(VENDOR, counting.url, credential).get("things")
    (before,) = clients.usage()
    other.client(VENDOR, counting.url, credential).get("things")
    clients.client(VENDOR, counting.url, credential).get("things")

    assert before == Usage("vendor", "core", calls=7, points=7, bytes=14, left=53)
    assert used_since([before], clients.usage()) == [
        Usage("vendor", "core", calls=1, points=1, bytes=2, left=51)
    ]
    assert used_since(clients.usage(), clients.usage()) == []
