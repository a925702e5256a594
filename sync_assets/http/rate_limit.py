"""The governor: no call leaves before its points are ours, whichever process asks for them.

Processes share budgets through the control database. Each takes a few points at a time and reports
what became of them when it needs more; a refused call is told at once, and stops all.
"""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sync_assets.control.budget import Ask, Reading, Wait
from sync_assets.control.budgets import SLOTS, BudgetKey, BudgetStore
from sync_assets.control.database import Clock
from sync_assets.control.grants import UNTOLD_WAIT, soon
from sync_assets.http.dialect import BudgetReading, MinuteLimits
from sync_assets.http.policy import Priority, Rules
from sync_assets.http.pool import Pool
from sync_assets.http.slots import Slots
from sync_assets.http.usage import Usage

Pause = Callable[[datetime, str], None]
"""Sleeps until then, or raises RateLimited where that is too long; the text says why."""
NOTICE_SECONDS = 1.0
"""How long we listen for the end of a call of our own before time is taken to pass."""


@dataclass(frozen=True, slots=True)
class Call:
    """What the governor has to know of a request."""

    vendor: str
    key: BudgetKey
    ask: Ask
    minute: MinuteLimits
    at_once: int | None = None
    background: bool = True


class Governor:
    """One a process. Thread-safe; end with `close`. `priority` is whose calls come next."""

    def __init__(
        self,
        budgets: BudgetStore,
        rules: Rules,
        *,
        clock: Clock,
        monotonic: Callable[[], float],
        notice: float = NOTICE_SECONDS,
    ) -> None:
        self.priority = Priority.SCHEDULE
        self._budgets = budgets
        self._rules = rules
        self._clock = clock
        self._monotonic = monotonic
        self._notice = notice
        self._holder = uuid.uuid4().hex[:12]
        self._changed = threading.Condition()
        self._pools: dict[BudgetKey, Pool] = {}
        self._slots: dict[BudgetKey, Slots] = {}
        self._usage: dict[tuple[str, str], Usage] = {}
        self._keys: dict[tuple[str, str], set[BudgetKey]] = {}

    def enter(self, call: Call, pause: Pause) -> "Ticket":
        """Wait until the call may be made. Raises what `pause` raises, and StoreUnavailable."""
        while True:
            quiet = self._quiet(call)
            if quiet is not None:
                pause(quiet, "quiet hours")
                continue
            with self._changed:
                wait = self._begin(call)
                if wait is None:
                    return Ticket(self, call)
                if wait.sooner and self._changed.wait(self._notice):
                    continue
            pause(wait.until, _why(call, wait))

    def usage(self) -> list[Usage]:
        """Of all resources so far, by vendor and name."""
        with self._changed:
            return [
                replace(self._usage[name], left=self._left(name)) for name in sorted(self._usage)
            ]

    def close(self) -> None:
        """Give back what was granted and not used."""
        with self._changed:
            for pool in self._pools.values():
                pool.give_back()
            for slots in self._slots.values():
                slots.give_back()

    def _quiet(self, call: Call) -> datetime | None:
        quiet = self._rules.quiet
        if quiet is None or self.priority is Priority.WEBHOOK or not call.background:
            return None
        return quiet.until(self._clock())

    def _begin(self, call: Call) -> Wait | None:
        pool = self._pool(call.key)
        while pool.serial and pool.calls:
            self._changed.wait(self._notice)
        slots = self._slots_of(call)
        if slots is not None and not slots.free():
            return soon(self._clock())
        wait = pool.take(call.ask, self._rules.policy(self.priority, call.minute))
        if wait is not None:
            return wait
        if slots is not None:
            slots.in_use += 1
        used = self._used(call)
        self._keys.setdefault((call.vendor, call.key.resource), set()).add(call.key)
        self._usage[call.vendor, call.key.resource] = replace(
            used, calls=used.calls + 1, points=used.points + call.ask.points
        )
        return None

    def settle(
        self, call: Call, reading: BudgetReading | None, seconds: float, *, free: bool = False
    ) -> None:
        """The answer's head is here, or will never be: what it says of budgets. `free`: the vendor
        does not count it.
        """
        with self._changed:
            pool, told, elsewhere = self._pool(call.key), None, False
            if reading is not None:
                told = Reading(reading.limit, reading.remaining, reading.reset_at)
                elsewhere = reading.resource != call.key.resource
                if elsewhere:
                    self._pool(replace(call.key, resource=reading.resource)).read(told)
            pool.settle(call.ask.points, told, seconds, elsewhere=elsewhere, free=free)
            if free:
                used = self._used(call)
                name = call.vendor, call.key.resource
                self._usage[name] = replace(used, points=used.points - call.ask.points)
            self._changed.notify_all()

    def good(self, call: Call) -> None:
        """The vendor did not refuse the call for its rate."""
        with self._changed:
            self._pool(call.key).answered()

    def refuse(self, call: Call, until: datetime | None, now: datetime) -> None:
        """The vendor refused the call for its rate."""
        with self._changed:
            self._pool(call.key).refuse(until or now + UNTOLD_WAIT, now)

    def end(self, call: Call, size: int) -> None:
        """The call has ended, after so many bytes."""
        with self._changed:
            self._pool(call.key).calls -= 1
            slots = self._slots_of(call)
            if slots is not None:
                slots.in_use -= 1
            used = self._used(call)
            self._usage[call.vendor, call.key.resource] = replace(used, bytes=used.bytes + size)
            self._changed.notify_all()

    def _left(self, name: tuple[str, str]) -> int | None:
        """The least of a process's credentials: two that it uses at once are rare."""
        pools = [self._pools[key] for key in self._keys[name] if key in self._pools]
        return min((left for pool in pools if (left := pool.left()) is not None), default=None)

    def _used(self, call: Call) -> Usage:
        name = call.vendor, call.key.resource
        return self._usage.get(name, Usage(*name))

    def _pool(self, key: BudgetKey) -> Pool:
        if key not in self._pools:
            self._pools[key] = Pool(self._budgets, key, self._holder, self._clock, self._monotonic)
        return self._pools[key]

    def _slots_of(self, call: Call) -> Slots | None:
        if call.at_once is None:
            return None
        key = replace(call.key, resource=SLOTS)
        if key not in self._slots:
            self._slots[key] = Slots(
                self._budgets,
                key,
                self._holder,
                call.at_once,
                clock=self._clock,
                monotonic=self._monotonic,
            )
        return self._slots[key]


def _why(call: Call, wait: Wait) -> str:
    if wait.refused:
        return f"{call.vendor} asked us to wait"
    return f"its rate budget `{call.key.resource}` is used up"


class Ticket:
    """Leave to make one call, which the holder must `close`."""

    def __init__(self, governor: Governor, call: Call) -> None:
        self._governor = governor
        self._call = call
        self._settled = False
        self._closed = False

    def answered(
        self, reading: BudgetReading | None, seconds: float, *, free: bool = False
    ) -> None:
        """The head of the answer, after `seconds`; `free` where it costs no points."""
        self._settled = True
        self._governor.settle(self._call, reading, seconds, free=free)

    def good(self) -> None:
        """The answer is none of those that say that we are too fast."""
        self._governor.good(self._call)

    def refused(self, until: datetime | None, now: datetime) -> None:
        """The answer says that we are too fast."""
        self._governor.refuse(self._call, until, now)

    def close(self, size: int = 0) -> None:
        """The body has ended, or there is no answer. Call it any often."""
        if self._closed:
            return
        self._closed = True
        if not self._settled:
            self._governor.settle(self._call, None, 0.0)
        self._governor.end(self._call, size)
