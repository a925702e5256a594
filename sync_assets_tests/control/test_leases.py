import os
import signal
import subprocess
import sys
import threading
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from select import select as select_ready
from typing import ClassVar

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select

from sync_assets.control.database import ControlDatabase, open_database
from sync_assets.control.leases import Lease, Leases
from sync_assets.control.schema import leases as rows
from sync_assets.errors import LeaseHeld, LeaseLost
from sync_assets.settings import Settings
from sync_assets_tests.fakes import FakeClock

NAME = "github:owner/name/files"


@pytest.fixture
def leases(database: ControlDatabase, clock: FakeClock) -> Leases:
    return Leases(database, clock, clock.monotonic)


def test_a_lease_keeps_others_out_until_it_is_released(leases: Leases, clock: FakeClock):
    with leases.hold(NAME, 60, "run 1") as lease:
        lease.check()
        with pytest.raises(LeaseHeld) as caught:
            leases.acquire(NAME, 60, "run 2")
        assert caught.value.until == clock() + timedelta(seconds=60)
        assert str(caught.value) == (
            "run 1 holds the lease github:owner/name/files: wait for it to end, or until"
            " 2026-01-01 12:01:00 UTC"
        )
        leases.acquire("github:owner/name/issues", 60, "run 2").check()
    with leases.hold(NAME, 60, "run 2") as lease:
        lease.check()


def test_tokens_only_ever_grow(leases: Leases, clock: FakeClock):
    tokens: list[int] = []
    for _ in range(3):
        with leases.hold(NAME, 60) as lease:
            tokens.append(lease.token)
        abandoned = leases.acquire(NAME, 60)
        tokens.append(abandoned.token)
        clock.advance(60)
    assert tokens == sorted(set(tokens))


def test_an_expired_lease_is_taken_over_and_its_first_holder_knows(
    leases: Leases, clock: FakeClock
):
    first = leases.acquire(NAME, 60, "run 1")
    clock.advance(60)
    second = leases.acquire(NAME, 60, "run 2")
    for use in (first.check, first.renew):
        with pytest.raises(LeaseLost, match="ran out or was taken over: nothing more is written"):
            use()
    first.release()
    second.check()


def test_an_expired_lease_is_lost_though_nobody_took_it_and_cannot_be_revived(
    leases: Leases, clock: FakeClock
):
    lease = leases.acquire(NAME, 60)
    clock.advance(60)
    with pytest.raises(LeaseLost):
        lease.check()
    with pytest.raises(LeaseLost):
        lease.renew()


def test_renewing_keeps_a_lease(leases: Leases, clock: FakeClock):
    lease = leases.acquire(NAME, 60)
    for _ in range(10):
        clock.advance(59)
        lease.renew()
        lease.check()
    with pytest.raises(LeaseHeld):
        leases.acquire(NAME, 60)


def test_a_clock_set_back_prolongs_no_lease_of_its_holder(leases: Leases, clock: FakeClock):
    lease = leases.acquire(NAME, 60)
    clock.set_wall(-3600)
    lease.check()
    clock.advance(60)
    for use in (lease.check, lease.renew):
        with pytest.raises(LeaseLost):
            use()


def test_a_clock_set_back_keeps_others_out_for_one_lifetime_at_most(
    leases: Leases, clock: FakeClock
):
    leases.acquire(NAME, 60, "died")
    clock.set_wall(-3600)
    with pytest.raises(LeaseHeld) as caught:
        leases.acquire(NAME, 10)
    assert caught.value.until == clock() + timedelta(seconds=60)
    clock.advance(60)
    leases.acquire(NAME, 10).check()


def test_a_clock_set_forward_ends_a_lease_for_both_sides(leases: Leases, clock: FakeClock):
    first = leases.acquire(NAME, 60)
    clock.set_wall(3600)  # or the machine was suspended, which a monotonic clock may not count
    for use in (first.check, first.renew):
        with pytest.raises(LeaseLost):
            use()
    leases.acquire(NAME, 60).check()


def test_a_lease_that_the_database_no_longer_shows_is_lost(
    database: ControlDatabase, leases: Leases
):
    lease = leases.acquire(NAME, 60)
    with database.write() as connection:
        connection.execute(delete(rows))
    with pytest.raises(LeaseLost):
        lease.check()


def test_a_lease_is_lost_when_its_database_is_away_and_the_end_of_the_block_stands_that(
    settings: Settings, clock: FakeClock
):
    file = settings.home / "control.db"

    def lose_the_file(database: ControlDatabase) -> None:
        database.close()
        file.rename(settings.home / "moved.db")
        file.mkdir()

    with (
        closing(open_database(settings)) as database,
        Leases(database, clock, clock.monotonic).hold(NAME, 60) as lease,
    ):
        lose_the_file(database)
        with pytest.raises(LeaseLost, match=r"cannot be checked: The control database .* opened"):
            lease.check()


def test_the_block_renews_its_lease_in_the_background(database: ControlDatabase):
    """With real clocks: the row's expiry moves while the block does nothing but look."""
    with Leases(database).hold(NAME, 3) as lease:
        first = _expires_at(database)
        until = first + timedelta(seconds=30)
        while _expires_at(database) == first:
            assert datetime.now(UTC) < until
        lease.check()
    assert not [thread for thread in threading.enumerate() if thread.name == f"lease {NAME}"]


def _expires_at(database: ControlDatabase) -> datetime:
    with database.read() as connection:
        return connection.execute(select(rows.c.expires_at)).scalar_one()


CHILD = """
import sys
from contextlib import closing
from pathlib import Path
from pydantic import SecretStr
from sync_assets.control.database import open_database
from sync_assets.control.leases import Leases
from sync_assets.errors import LeaseLost
from sync_assets.settings import Settings

name, home, url, seconds = sys.argv[1:]
settings = Settings(home=Path(home), database_url=SecretStr(url))
with closing(open_database(settings)) as database:
    with Leases(database).hold(name, float(seconds), "child") as lease:
        print("held", flush=True)
        sys.stdin.readline()
        try:
            lease.check()
        except LeaseLost:
            sys.exit(3)
"""


@pytest.mark.parametrize("taken_over", [True, False])
def test_a_process_that_slept_past_its_lease_may_not_commit(
    either: Settings,
    database: ControlDatabase,
    taken_over: bool,
):
    url = either.database_url.get_secret_value()
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, NAME, str(either.home), url, "2"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout
        assert child.stdout.readline() == "held\n"
        os.kill(child.pid, signal.SIGSTOP)
        left = _expires_at(database) - datetime.now(UTC)
        said, _, _ = select_ready([child.stdout], [], [], max(0.0, left.total_seconds()) + 0.01)
        assert not said
        mine = Leases(database).acquire(NAME, 60) if taken_over else None
        os.kill(child.pid, signal.SIGCONT)
        child.communicate("check\n", timeout=60)
    assert child.returncode == 3
    if mine:
        mine.check()


def test_of_threads_that_want_the_lease_at_once_one_gets_it(
    either: Settings, database: ControlDatabase
):
    start = threading.Barrier(4)
    tokens: list[int] = []

    def acquire() -> None:
        with closing(open_database(either)) as mine:
            start.wait(timeout=30)
            try:
                tokens.append(Leases(mine).acquire(NAME, 600).token)
            except LeaseHeld:
                tokens.append(0)

    threads = [threading.Thread(target=acquire) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(tokens) == [0, 0, 0, 1]


class Contenders(RuleBasedStateMachine):
    """Three who want one lease, and a wall clock that someone plays with."""

    database: ClassVar[ControlDatabase]
    longest_seconds = 90

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.leases = Leases(self.database, self.clock, self.clock.monotonic)
        self.name = f"index/{uuid.uuid4()}"
        self.held: dict[int, Lease] = {}
        self.last_token = 0

    @rule(who=st.integers(0, 2), seconds=st.integers(1, longest_seconds))
    def acquire(self, who: int, seconds: int) -> None:
        try:
            lease = self.leases.acquire(self.name, seconds, f"contender {who}")
        except LeaseHeld as held:
            until = held.until
        else:
            assert lease.token > self.last_token
            self.last_token = lease.token
            self.held[who] = lease
            return
        latest = self.clock() + timedelta(seconds=self.longest_seconds)
        assert self.clock() < until <= latest

    @rule(who=st.integers(0, 2))
    def renew(self, who: int) -> None:
        if who in self.held:
            valid = who in self.valid()
            try:
                self.held[who].renew()
            except LeaseLost:
                assert not valid
            else:
                assert valid
                assert who in self.valid()

    @rule(who=st.integers(0, 2))
    def release(self, who: int) -> None:
        lease = self.held.pop(who, None)
        if lease:
            others = self.valid()
            lease.release()
            assert self.valid() == others
            with pytest.raises(LeaseLost):
                lease.check()

    @rule(seconds=st.integers(1, longest_seconds))
    def advance(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(seconds=st.integers(-10_000, 10_000))
    def set_the_wall_clock(self, seconds: int) -> None:
        self.clock.set_wall(seconds)

    @invariant()
    def at_most_one_may_commit(self) -> None:
        assert len(self.valid()) <= 1

    def teardown(self) -> None:
        """Whatever was done to the clock, all are free one lifetime after the first who asks."""
        try:
            self.leases.acquire(self.name, 1)
        except LeaseHeld:
            self.clock.advance(self.longest_seconds)
            self.leases.acquire(self.name, 1)

    def valid(self) -> set[int]:
        valid: set[int] = set()
        for who, lease in self.held.items():
            try:
                lease.check()
            except LeaseLost:
                continue
            valid.add(who)
        return valid


def test_no_two_ever_hold_a_lease_whatever_the_clocks_do(database: ControlDatabase):
    class Here(Contenders):
        pass

    Here.database = database
    run_state_machine_as_test(
        Here,
        settings=hypothesis_settings(max_examples=25, stateful_step_count=25, deadline=None),
    )
