import contextlib
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sync_assets.control.database import ControlDatabase, open_database
from sync_assets.control.filing import Incoming, Receipt
from sync_assets.control.inbox import AT_ONCE, SUPERSEDED, Delivery, Inbox
from sync_assets.control.intake import Intake
from sync_assets.control.registry import Registry
from sync_assets.errors import StoreUnavailable
from sync_assets.models import Source
from sync_assets.settings import Settings
from sync_assets_tests.fakes import FakeClock

CHILD = Path(__file__).with_name("receive_until_killed.py")


@pytest.fixture
def inbox(database: ControlDatabase, clock: FakeClock) -> Inbox:
    return Inbox(database, clock)


@pytest.fixture
def intake(inbox: Inbox) -> Iterator[Intake]:
    with closing(Intake(inbox)) as intake:
        yield intake


def waiting(inbox: Inbox) -> tuple[Delivery, ...]:
    return inbox.of(inbox.waiting())


def claimed(inbox: Inbox) -> list[Delivery]:
    return [each for _, run_key in inbox.claims() for each in inbox.given(run_key)]


def about_ours(source: Source) -> bool:
    return source.source_id == "github:owner/name"


def about_all(source: Source) -> bool:
    return source.connector == "github"


def about_none(source: Source) -> bool:
    return source.connector != "github"


def push(
    delivery_id: str,
    concerns: Callable[[Source], bool] = about_ours,
    *,
    subject: str = "branch:main",
    **rest: Any,  # noqa: ANN401 - passed on
) -> Incoming:
    return Incoming("github", delivery_id, "push", concerns, ("files",), subject, **rest)


def test_a_delivery_is_stored_once_however_often_it_comes(inbox: Inbox, source: Source):
    first = inbox.store([push("a"), push("b"), push("a")])
    later = inbox.store([push("b", hints={"branch": "another"})])

    assert (first, later) == (["accepted", "accepted", "duplicate"], ["duplicate"])
    stored = waiting(inbox)
    assert [each.delivery_id for each in stored] == ["a", "b"]
    assert {each.source_id for each in stored} == {source.source_id}
    assert [each.hints for each in stored] == [{}, {}]


def test_what_is_about_no_registered_source_is_not_stored(
    inbox: Inbox, source: Source, registry: Registry
):
    elsewhere = push("a", about_none)
    another_vendor = Incoming("slack", "b", "message", about_all)
    registry.mark_removing(source.source_id)

    assert inbox.store([elsewhere, another_vendor, push("c")]) == ["unregistered"] * 3
    assert inbox.newest() == ()


def test_a_delivery_about_two_sources_waits_for_each(
    inbox: Inbox, registry: Registry, source: Source
):
    other = registry.add("github", "owner/name@next", {}, "0 * * * *")

    assert inbox.store([push("a", about_all)]) == ["accepted"]
    assert {each.source_id for each in waiting(inbox)} == {source.source_id, other.source_id}


def test_everything_of_a_delivery_comes_back(inbox: Inbox, source: Source, clock: FakeClock):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    inbox.store(
        [push("a", hints={"branch": "main"}, event_at=at, sweep=True, ends="gone", renamed_to="x")]
    )

    (stored,) = inbox.newest(source.source_id, "received")
    assert stored.hints == {"branch": "main"}
    assert (stored.event_at, stored.sweep, stored.ends, stored.renamed_to) == (
        at,
        True,
        "gone",
        "x",
    )
    assert stored.received_at == clock()


def test_the_last_of_a_subject_is_done_and_those_before_are_superseded(
    inbox: Inbox, source: Source, clock: FakeClock
):
    inbox.store([push("a"), push("b", subject="branch:next"), push("c")])
    inbox.claim([each.number for each in waiting(inbox)], "key")
    inbox.store([push("d")])
    inbox.done(claimed(inbox), "run", clock())

    states = {each.delivery_id: (each.state, each.reason) for each in inbox.newest()}
    assert states == {
        "a": ("superseded", SUPERSEDED),
        "b": ("done", None),
        "c": ("done", None),
        "d": ("received", None),
    }


def test_a_release_counts_an_attempt_and_only_of_what_is_claimed(inbox: Inbox, source: Source):
    inbox.store([push("a"), push("b")])
    first, second = (each.number for each in waiting(inbox))
    inbox.claim([first], "key")
    inbox.release([first, second], "its run failed")

    attempts = [(each.attempts, each.run_key) for each in waiting(inbox)]
    assert attempts == [(1, None), (0, None)]


def test_an_ended_delivery_is_replayed_and_a_waiting_one_stays(inbox: Inbox, source: Source):
    inbox.store([push("a"), push("b")])
    first, second = (each.number for each in waiting(inbox))
    inbox.end([first], "failed", "five runs failed")

    again = inbox.replay([first, second])
    assert [(each.state, each.reason, each.attempts) for each in again] == [
        ("received", None, 1),
        ("received", None, 0),
    ]


def test_of_any_number_that_waits_so_many_are_read_as_one_run_is_given(
    inbox: Inbox, source: Source
):
    """And numbers are asked for in parts: no database binds a hundred thousand in a statement."""
    inbox.store([push(str(number)) for number in range(AT_ONCE + 5)])
    (topic,) = inbox.waiting()
    numbers = range(1, 100_001)

    first = inbox.of([topic])
    assert [each.number for each in first] == [*range(1, AT_ONCE + 1)]
    inbox.claim([each.number for each in first], "key")
    assert inbox.claims() == ((source.source_id, "key"),)
    assert inbox.given("key") == inbox.numbered(range(1, AT_ONCE + 1))
    assert len(inbox.of([topic])) == 5
    inbox.end(numbers, "failed", "gave up")
    assert not inbox.waiting()
    assert len(inbox.replay(numbers)) == AT_ONCE + 5


def test_topics_are_told_apart_by_source_streams_and_new_names(
    inbox: Inbox, registry: Registry, source: Source
):
    other = registry.add("github", "owner/other", {}, "0 * * * *")
    both = [
        Incoming("github", "1", "installation", about_all),
        push("2"),
        push("3", renamed_to="x"),
    ]
    inbox.store([*both, push("4")])

    topics = inbox.waiting()
    name = source.source_id
    assert [(each.source_id, each.streams, each.renames) for each in topics] == [
        (name, (), False),
        (other.source_id, (), False),
        (name, ("files",), False),
        (name, ("files",), True),
    ]
    assert inbox.waiting(other.source_id) == (topics[1],)
    found = [[each.delivery_id for each in inbox.of([topic])] for topic in topics]
    assert found == [["1"], ["1"], ["2", "4"], ["3"]]
    assert inbox.of([]) == ()


def test_ended_deliveries_are_forgotten_in_time_and_waiting_ones_never(
    inbox: Inbox, source: Source, clock: FakeClock
):
    inbox.store([push("a"), push("b")])
    first, _ = (each.number for each in waiting(inbox))
    inbox.end([first], "ignored", "no such stream")
    clock.advance(86_400)

    inbox.forget(clock() - timedelta(days=2))
    assert len(inbox.newest()) == 2
    inbox.forget(clock())
    assert [each.delivery_id for each in inbox.newest()] == ["b"]


def test_depth_age_and_lag_are_told(inbox: Inbox, source: Source, clock: FakeClock):
    start = clock()
    inbox.store([push("a", event_at=start - timedelta(seconds=2))])
    (one,) = waiting(inbox)
    inbox.claim([one.number], "key")
    inbox.done(claimed(inbox), "run", start + timedelta(seconds=5))
    clock.advance(10)
    inbox.store([push("b")])

    depths = {each.state: (each.count, each.oldest_at) for each in inbox.depths()}
    assert depths == {"done": (1, start), "received": (1, clock())}
    assert inbox.lags() == {source.source_id: 7.0}


def test_removing_a_source_takes_its_deliveries(inbox: Inbox, source: Source, registry: Registry):
    inbox.store([push("a")])
    registry.delete(source.source_id)

    assert inbox.newest() == ()


def test_many_callers_at_once_are_each_answered_and_stored_once(
    intake: Intake, inbox: Inbox, source: Source
):
    def put(delivery_id: str) -> Receipt:
        return intake.put(push(delivery_id)).result(30)

    ids = [str(number % 300) for number in range(600)]
    with ThreadPoolExecutor(20) as callers:
        receipts = list(callers.map(put, ids))

    assert receipts.count("accepted") == receipts.count("duplicate") == 300
    assert len(inbox.newest(source.source_id)) == 300


def test_one_delivery_that_cannot_be_stored_fails_alone(intake: Intake, source: Source):
    def broken(_: Source) -> bool:
        raise RuntimeError("a bug")

    futures = [intake.put(push("a")), intake.put(push("b", broken)), intake.put(push("c"))]

    assert futures[0].result(30) == futures[2].result(30) == "accepted"
    assert isinstance(futures[1].exception(30), RuntimeError)


def test_a_database_that_is_locked_fails_the_delivery_and_not_the_intake(
    settings: Settings, clock: FakeClock
):
    with closing(open_database(settings, clock, busy_seconds=0.05)) as database:
        Registry(database, clock).add("github", "owner/name", {}, "0 * * * *")
        with closing(Intake(Inbox(database, clock))) as intake:
            with closing(open_database(settings, clock)) as other, other.write():
                assert isinstance(intake.put(push("a")).exception(30), StoreUnavailable)
            assert intake.put(push("a")).result(30) == "accepted"


class Receiver:
    """The child process, killed as soon as it has acknowledged so many, if a number is given."""

    def __init__(self, home: Path, kill_after: int | None) -> None:
        self._kill_after = kill_after
        command = (sys.executable, str(CHILD), str(home))
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.acknowledged: set[str] = set()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self._child.stdout or ():
            self.acknowledged.add(line.strip())
            if len(self.acknowledged) == self._kill_after:
                self._child.kill()

    def send(self, number: str) -> bool:
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(f"{number}\n")
        except (BrokenPipeError, ValueError):
            return False
        return True

    def end(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            if self._child.stdin is not None:
                self._child.stdin.close()
        self._child.wait()
        self._reader.join()
        if self._child.stdout is not None:
            self._child.stdout.close()


def _none_is_lost(settings: Settings, count: int, kills: int) -> int:
    """Send all, kill the receiver now and then, send again what was not acknowledged."""
    chance = random.Random(7)
    most = count // (kills + 1)
    with closing(open_database(settings)) as database:
        Registry(database).add("github", "owner/name", {}, "0 * * * *")
        inbox = Inbox(database)
        unanswered = {str(number) for number in range(count)}
        acknowledged: set[str] = set()
        killed = 0
        while unanswered:
            kill_after = chance.randint(1, most // 2) if killed < kills else None
            receiver = Receiver(settings.home, kill_after)
            for number in sorted(unanswered)[: most if kill_after else count]:
                if not receiver.send(number):
                    break
            receiver.end()
            killed += kill_after is not None
            acknowledged |= receiver.acknowledged
            stored = [each.delivery_id for each in inbox.newest()]
            assert len(stored) == len(set(stored))
            assert acknowledged <= set(stored)
            unanswered -= receiver.acknowledged
        assert {each.delivery_id for each in inbox.newest()} == acknowledged
    return killed


def test_a_receiver_that_is_killed_loses_no_acknowledged_delivery(settings: Settings):
    assert _none_is_lost(settings, 600, 2) == 2


@pytest.mark.chaos
def test_20000_deliveries_while_the_receiver_is_killed_are_each_stored_once(
    settings: Settings,
    record_property: Any,  # noqa: ANN401 - pytest's
):
    record_property("deliveries", 20_000)
    record_property("kills", _none_is_lost(settings, 20_000, 20))


def test_streams_that_deliveries_are_about_are_awaited_until_those_end(
    inbox: Inbox, source: Source
):
    inbox.store([push("1"), push("2"), push("3", subject="branch:next")])
    assert inbox.awaited() == {source.source_id: {"files"}}

    inbox.store([Incoming("github", "4", "repository", about_ours)])
    assert inbox.awaited() == {source.source_id: None}

    inbox.end([each.number for each in inbox.newest()], "ignored", "not ours")
    assert inbox.awaited() == {}
