"""What an operator sets of budgets, from the environment to the last call that is made."""

import threading
from contextlib import closing

import httpx
import pytest

from sync_assets.errors import InvalidSettings, RateLimited
from sync_assets.http.credentials import Credential
from sync_assets.http.policy import Priority
from sync_assets.settings import load_settings
from sync_assets.stores import open_stores
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.http.server import Received, Reply, Server
from sync_assets_tests.http.vendor import VENDOR

LIMIT, COST = 400, 10


@pytest.fixture
def counting(server: Server, clock: FakeClock) -> Server:
    """A vendor with 400 points an hour, which it counts and never refuses."""
    reset = clock().timestamp() + 3600
    lock, used = threading.Lock(), list[int]()

    def answer(_: Received) -> Reply:
        with lock:
            used.append(1)
            left = LIMIT - COST * len(used)
        told = {"x-limit": str(LIMIT), "x-remaining": str(left), "x-reset": str(reset)}
        return Reply(headers=told)

    server.answers = answer
    return server


def spend(client: httpx.Client) -> None:
    """Calls of ten points, until there is no leave for one."""
    for _ in range(LIMIT):
        try:
            client.get("things", extensions={"cost": COST})
        except RateLimited:
            return
    raise AssertionError("no call was refused")


@pytest.mark.parametrize(
    ("environment", "priority", "calls"),
    [
        ({}, Priority.SCHEDULE, 30),  # 100 points are more than 10 %
        ({}, Priority.BACKFILL, 20),
        ({}, Priority.WEBHOOK, 40),
        ({"RATE_RESERVE_POINTS": "8"}, Priority.SCHEDULE, 36),  # 10 % are more than 8
        ({"RATE_RESERVE_POINTS": "8", "RATE_RESERVE_PERCENT": "0"}, Priority.SCHEDULE, 39),
        ({"RATE_RESERVE_PERCENT": "40"}, Priority.SCHEDULE, 24),
        ({"RATE_CAP_PERCENT": "25"}, Priority.WEBHOOK, 10),
        ({"QUIET_HOURS": "11:30-12:30"}, Priority.SCHEDULE, 0),
        ({"QUIET_HOURS": "11:30-12:30"}, Priority.WEBHOOK, 40),
        ({"QUIET_HOURS": "13:30-11:30"}, Priority.BACKFILL, 20),
    ],
)
def test_setting_of_budgets_is_kept_to_the_call(  # noqa: PLR0917 - fixtures
    monkeypatch: pytest.MonkeyPatch,
    counting: Server,
    credential: Credential,
    clock: FakeClock,
    environment: dict[str, str],
    priority: Priority,
    calls: int,
):
    for name, value in environment.items():
        monkeypatch.setenv(f"SYNC_ASSETS_{name}", value)
    with closing(open_stores(load_settings(), clock=clock)) as stores:
        stores.http.priority = priority
        client = stores.http.client(VENDOR, counting.url, credential)
        spend(client)

    assert len(counting.requests) == calls


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RATE_RESERVE_POINTS", "-1"),
        ("RATE_RESERVE_PERCENT", "51"),
        ("RATE_CAP_PERCENT", "0"),
        ("QUIET_HOURS", "9-17"),
        ("QUIET_HOURS", "09:00-24:00"),
    ],
)
def test_wrong_setting_of_budgets_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(f"SYNC_ASSETS_{name}", value)

    with pytest.raises(InvalidSettings, match=f"SYNC_ASSETS_{name}: "):
        load_settings()
