"""What one process holds of one rate budget: granted points, and what became of them."""

from collections.abc import Callable
from datetime import datetime

from sync_assets.control.budget import Ask, Budget, Granted, Policy, Reading, Report, Wait
from sync_assets.control.budgets import BudgetKey, BudgetStore
from sync_assets.control.database import Clock
from sync_assets.control.grants import GRANT_SECONDS, asked, refused, reported

LOOK_SECONDS = 0.2
"""How late we hear that the vendor refused another process, while we hold points."""


class Pool:
    """Not thread-safe: the governor's lock guards it."""

    def __init__(
        self,
        budgets: BudgetStore,
        key: BudgetKey,
        holder: str,
        clock: Clock,
        monotonic: Callable[[], float],
    ) -> None:
        self.key = key
        self.calls = 0  # under way
        self.serial = False
        self._budgets = budgets
        self._holder = holder
        self._clock = clock
        self._monotonic = monotonic
        self._points = 0
        self._minute_points = 0
        self._until = monotonic()
        self._looked = monotonic()
        self._in_flight = 0
        self._read = 0
        self._unseen = 0
        self._unread: dict[datetime, Reading] = {}
        self._answered = False
        self._seconds = 0.0

    def take(self, ask: Ask, policy: Policy) -> Wait | None:
        """Points for one call: out of those that are here, else out of the database."""
        if not self._holds(ask) or self._blocked():
            wait = self._exchange(ask, policy)
            if wait is not None:
                return wait
        self._points -= ask.points
        self._minute_points -= ask.minute_points
        self._in_flight += ask.points
        self.calls += 1
        return None

    def settle(
        self,
        points: int,
        reading: Reading | None,
        seconds: float,
        *,
        elsewhere: bool,
        free: bool = False,
    ) -> None:
        """The call was answered, or failed (without a reading). `elsewhere`: the reading is of
        another budget, on which the call drew instead. `free`: it was not counted, and its points
        come back; without a reading that shows it they count as spent.
        """
        self._in_flight -= points
        self._seconds += seconds
        if elsewhere:
            return
        if reading is None:
            self._unseen += points
        else:
            self._read += 0 if free else points
            self.read(reading)

    def answered(self) -> None:
        """The vendor did not refuse a call."""
        self._answered = True

    def read(self, reading: Reading) -> None:
        """Of each window the lowest is enough."""
        known = self._unread.get(reading.reset_at)
        if known is None or reading.remaining < known.remaining:
            self._unread[reading.reset_at] = reading

    def refuse(self, until: datetime, now: datetime) -> None:
        """The vendor refused a call: nobody is to send another one before."""

        def step(budget: Budget) -> tuple[Budget, None]:
            budget = reported(budget, self._holder, self._report(), now)
            return refused(budget, until, now), None

        self._budgets.change(self.key, step)
        self._was_reported()

    def left(self) -> int | None:
        """Points that the vendor would still give, by all that we know; None: it never told."""
        budget = self._budgets.get(self.key)
        return reported(budget, self._holder, self._report(), self._clock()).remaining

    def give_back(self) -> None:
        """All that is not under way."""
        if not (self._points or self._read or self._unseen or self._unread or self._answered):
            return

        def step(budget: Budget) -> tuple[Budget, None]:
            return reported(budget, self._holder, self._report(), self._clock()), None

        self._budgets.change(self.key, step)
        self._was_reported()

    def _holds(self, ask: Ask) -> bool:
        return (
            self._monotonic() < self._until
            and self._points >= ask.points
            and self._minute_points >= ask.minute_points
        )

    def _blocked(self) -> bool:
        """Whether another process was refused meanwhile."""
        if self._monotonic() - self._looked < LOOK_SECONDS:
            return False
        self._looked = self._monotonic()
        until = self._budgets.get(self.key).blocked_until
        return until is not None and until > self._clock()

    def _exchange(self, ask: Ask, policy: Policy) -> Wait | None:
        """One transaction: what became of the points so far, and new ones."""
        now, began = self._clock(), self._monotonic()

        def step(budget: Budget) -> tuple[Budget, Granted | Wait]:
            budget = reported(budget, self._holder, self._report(), now)
            return asked(budget, self._holder, ask, policy, now)

        answer = self._budgets.change(self.key, step)
        self._was_reported()
        self._looked = self._monotonic()
        if isinstance(answer, Wait):
            return answer
        self._points, self._minute_points = answer.points, answer.minute_points
        self._until = began + GRANT_SECONDS
        self.serial = answer.serial
        return None

    def _report(self) -> Report:
        return Report(
            read=self._read,
            unseen=self._unseen,
            in_flight=self._in_flight,
            answered=self._answered,
            unused_minute=self._minute_points,
            seconds=self._seconds,
            readings=tuple(self._unread.values()),
        )

    def _was_reported(self) -> None:
        self._points = self._minute_points = self._read = self._unseen = 0
        self._unread.clear()
        self._answered, self._seconds = False, 0.0
