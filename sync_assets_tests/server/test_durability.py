"""The receiver is killed while it is called: what it acknowledged is stored, once."""

import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync_assets.control.database import open_database
from sync_assets.control.inbox import Inbox
from sync_assets.control.registry import Registry
from sync_assets.settings import Settings
from sync_assets_tests.connectors.webhooks.signing import PUSH, SECRET, signed
from sync_assets_tests.server.serving import started

CALLERS = 8


class Calls:
    """Deliveries by number; `acknowledged` are those that were answered 200."""

    def __init__(self) -> None:
        self.acknowledged: set[str] = set()
        self._lock = threading.Lock()
        self._reached = threading.Event()
        self._target = 0

    def expect(self, more: int) -> threading.Event:
        """Set when so many more are acknowledged."""
        self._reached.clear()
        self._target = len(self.acknowledged) + more
        return self._reached

    def make(self, url: str, numbers: Sequence[str]) -> None:
        """One after the other on one connection, until the receiver is gone."""
        where = httpx.URL(url)
        with closing(HTTPConnection(where.host, where.port, timeout=60)) as connection:
            for number in numbers:
                headers, body = signed("github", PUSH, datetime.now(UTC), delivery_id=number)
                try:
                    connection.request("POST", "/webhooks/github", body, headers)
                    answer = connection.getresponse()
                    said = answer.read()
                except (OSError, HTTPException):
                    return
                assert answer.status == 200, said
                with self._lock:
                    self.acknowledged.add(number)
                    if len(self.acknowledged) == self._target:
                        self._reached.set()


def _none_is_lost(settings: Settings, count: int, kills: int) -> None:
    chance = random.Random(7)
    with closing(open_database(settings)) as database:
        Registry(database).add("github", "owner/name", {}, "0 * * * *")
        calls = Calls()
        numbers = [str(number) for number in range(count)]
        for _ in range(kills):
            _called(settings.home, calls, numbers, chance.randint(1, count // (kills + 1)))
        _called(settings.home, calls, numbers, 0)
        stored = [each.delivery_id for each in Inbox(database).newest()]

    assert calls.acknowledged == set(numbers)
    assert sorted(stored) == sorted(numbers)


def _called(home: Path, calls: Calls, numbers: Sequence[str], kill_after: int) -> None:
    """Make every call that is not acknowledged; kill the receiver after so many, if any."""
    left = [number for number in numbers if number not in calls.acknowledged]
    parts = [left[start::CALLERS] for start in range(CALLERS)]
    with started(home, GITHUB_WEBHOOK_SECRET=SECRET) as (process, lines):
        url = lines[-1].rpartition(" ")[2]
        reached = calls.expect(kill_after)
        with ThreadPoolExecutor(CALLERS) as callers:
            done = [callers.submit(calls.make, url, part) for part in parts]
            if kill_after:
                assert reached.wait(120)
                process.kill()
            for each in done:
                each.result()


def test_a_receiver_that_is_killed_loses_no_call_that_it_answered(settings: Settings):
    _none_is_lost(settings, 400, 2)


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_20000_calls_while_the_receiver_is_killed_are_each_stored_once(
    settings: Settings,
    record_property: Any,  # noqa: ANN401 - pytest's
):
    _none_is_lost(settings, 20_000, 20)
    record_property("calls", 20_000)
    record_property("kills", 20)
