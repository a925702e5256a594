"""Whatever processes do, in whatever order answers come: no call is sent beyond the limits."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sync_assets.control.budget import Ask
from sync_assets.control.budgets import BudgetKey, MemoryBudgets
from sync_assets.errors import RateLimited
from sync_assets.http.dialect import BudgetReading, MinuteLimits
from sync_assets.http.policy import Rules
from sync_assets.http.rate_limit import Call, Governor, Ticket
from sync_assets_tests.fakes import FakeClock

KEY = BudgetKey("api.example.com", "c", "core")
PROCESSES = 3
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
WINDOW = timedelta(seconds=100)
MINUTE = timedelta(seconds=60)


@dataclass
class Vendor:
    """Counts as vendors do: a window begins with its first call."""

    limit: int
    minute_limit: int
    begun: datetime = LONG_AGO
    used: int = 0
    minute_begun: datetime = LONG_AGO
    minute_used: int = 0

    def charge(self, points: int, now: datetime, *, is_probe: bool) -> BudgetReading:
        """What the answer says. Of a probe nobody knew what is left: it may be refused."""
        if now >= self.begun + WINDOW:
            self.begun, self.used = now, 0
        if now >= self.minute_begun + MINUTE:
            self.minute_begun, self.minute_used = now, 0
        refused = is_probe and self.used + points > self.limit
        self.used += 0 if refused else points
        self.minute_used += 1
        assert self.used <= self.limit
        assert self.minute_used <= self.minute_limit
        return BudgetReading("core", self.limit, self.limit - self.used, self.begun + WINDOW)


@dataclass
class Sent:
    ticket: Ticket
    points: int
    at: datetime
    is_probe: bool
    reading: BudgetReading | None = None


@dataclass
class World:
    vendor: Vendor
    minute: MinuteLimits
    longest_way: timedelta
    clock: FakeClock = field(default_factory=FakeClock)
    budgets: MemoryBudgets = field(default_factory=MemoryBudgets)
    under_way: list[Sent] = field(default_factory=list[Sent])
    answered: list[Sent] = field(default_factory=list[Sent])
    sent: int = 0
    governors: list[Governor] = field(default_factory=list[Governor])

    def __post_init__(self) -> None:
        self.governors = [self.governor() for _ in range(PROCESSES)]

    def governor(self) -> Governor:
        return Governor(
            self.budgets, Rules(), clock=self.clock, monotonic=self.clock.monotonic, notice=0
        )

    def send(self, process: int, points: int) -> None:
        call = Call("vendor", KEY, Ask(points, 1), self.minute)
        try:
            ticket = self.governors[process].enter(call, refuse_to_wait)
        except RateLimited:
            return
        self.sent += 1
        self.under_way.append(Sent(ticket, points, self.clock(), self._is_probe()))

    def _is_probe(self) -> bool:
        """Whether the last call went alone, because every answer of a window was lost."""
        budget = self.budgets.get(KEY)
        known = budget.reset_at is not None or budget.remaining is None
        return not known and (budget.remaining or 0) < budget.outstanding()

    def arrive(self, which: int) -> None:
        if self.under_way:
            sent = self.under_way.pop(which % len(self.under_way))
            sent.reading = self.vendor.charge(sent.points, self.clock(), is_probe=sent.is_probe)
            self.answered.append(sent)

    def answer(self, which: int) -> None:
        if self.answered:
            sent = self.answered.pop(which % len(self.answered))
            sent.ticket.answered(sent.reading, 0.1)
            sent.ticket.good()
            sent.ticket.close()

    def lose_answer(self, which: int) -> None:
        if self.answered:
            self.answered.pop(which % len(self.answered)).ticket.close()

    def crash(self, process: int) -> None:
        self.governors[process] = self.governor()

    def close(self, process: int) -> None:
        self.governors[process].close()

    def wait(self, seconds: float) -> None:
        """Time passes; what is under way for too long arrives before."""
        latest = self.clock() + timedelta(seconds=seconds) - self.longest_way
        late = [index for index, sent in enumerate(self.under_way) if sent.at < latest]
        for index in reversed(late):
            self.arrive(index)
        self.clock.advance(seconds)


def refuse_to_wait(until: datetime, why: str) -> None:
    raise RateLimited(why, retry_at=until)


def run(world: World, choose: random.Random) -> None:
    """300 steps of a schedule, in which most calls are answered soon and something always waits."""
    names, weights = zip(*WEIGHTS.items(), strict=True)
    for name in choose.choices(names, weights, k=300):
        match name:
            case "send":
                world.send(choose.randrange(PROCESSES), choose.choice([1, 1, 1, 2, 3]))
            case "crash" | "close":
                getattr(world, name)(choose.randrange(PROCESSES))
            case "wait":
                world.wait(choose.choice([0.3, 1.0, 3.0, 7.0, 30.0, 101.0]))
            case _:
                getattr(world, name)(choose.randrange(50))


WEIGHTS = {
    "send": 40,
    "arrive": 30,
    "answer": 25,
    "lose_answer": 3,
    "crash": 1,
    "close": 1,
    "wait": 6,
}


@pytest.mark.parametrize(
    ("minute_limit", "longest_way"), [(10_000, 30), (12, 4)], ids=["primary", "minute"]
)
def test_no_schedule_of_processes_crashes_and_answers_goes_beyond_a_limit(
    minute_limit: int, longest_way: int
):
    @hypothesis_settings(max_examples=200, deadline=None)
    @given(limit=st.integers(10, 60), seed=st.integers(0, 1 << 32))
    def holds(limit: int, seed: int) -> None:
        world = World(
            Vendor(limit, minute_limit),
            MinuteLimits(points=minute_limit),
            timedelta(seconds=longest_way),
        )
        run(world, random.Random(seed))

    holds()


def test_the_whole_budget_is_used_when_no_process_dies():
    world = World(Vendor(60, 10_000), MinuteLimits(), timedelta(seconds=30))
    for turn in range(300):
        world.send(turn % PROCESSES, 1)
        world.arrive(0)
        world.answer(0)

    assert world.sent == 60


def test_after_a_crash_the_next_window_is_whole_again():
    world = World(Vendor(60, 10_000), MinuteLimits(), timedelta(seconds=30))
    for _ in range(10):
        world.send(0, 1)
        world.arrive(0)
        world.answer(0)
    world.send(1, 1)
    world.crash(1)
    wasted = world.budgets.get(KEY).outstanding()
    assert wasted > 0
    for _ in range(300):
        world.send(2, 1)
        world.arrive(0)
        world.answer(0)
    assert 60 - wasted - 1 <= world.sent <= 60

    world.wait(102)
    world.sent = 0
    for _ in range(300):
        world.send(2, 1)
        world.arrive(0)
        world.answer(0)
    assert world.sent == 60


def test_lost_answers_are_counted():
    world = World(Vendor(30, 10_000), MinuteLimits(), timedelta(seconds=30))
    world.send(0, 1)
    world.arrive(0)
    world.answer(0)
    for turn in range(100):
        world.send(turn % PROCESSES, 1)
        world.arrive(0)
        world.lose_answer(0)

    assert world.sent == 30


def test_an_older_answer_that_comes_last_is_not_believed():
    world = World(Vendor(30, 10_000), MinuteLimits(), timedelta(seconds=30))
    world.send(0, 1)
    world.arrive(0)
    world.answer(0)
    for _ in range(40):  # 0's answer is older than 1's, and is heard of after it
        world.send(0, 1)
        world.send(1, 1)
        world.arrive(0)
        world.arrive(0)
        world.answer(1)
        world.close(1)
        world.answer(0)
        world.close(0)

    assert world.sent == 30
