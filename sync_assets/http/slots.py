"""How many calls one process may have under way to a vendor, where that limits them."""

from collections.abc import Callable

from sync_assets.control.budget import Budget
from sync_assets.control.budgets import BudgetKey, BudgetStore
from sync_assets.control.database import Clock
from sync_assets.control.slots import SLOTS_SECONDS, slots

WANTED = 20
"""As many as one client keeps connections."""
_RENEW_SECONDS = SLOTS_SECONDS / 2
_ASK_SECONDS = 1.0


class Slots:
    """Not thread-safe: the governor's lock guards it."""

    def __init__(
        self,
        budgets: BudgetStore,
        key: BudgetKey,
        holder: str,
        at_once: int,
        *,
        clock: Clock,
        monotonic: Callable[[], float],
    ) -> None:
        self.in_use = 0
        self._budgets = budgets
        self._key = key
        self._holder = holder
        self._at_once = at_once
        self._clock = clock
        self._monotonic = monotonic
        self._own = 0
        self._asked = monotonic() - _RENEW_SECONDS

    def free(self) -> bool:
        """Whether one more call may begin."""
        since = self._monotonic() - self._asked
        wants_more = self.in_use >= self._own < WANTED and since >= _ASK_SECONDS
        if since >= _RENEW_SECONDS or wants_more:
            self._own = self._ask(WANTED)
            self._asked = self._monotonic()
        return self.in_use < self._own

    def give_back(self) -> None:
        """All of them."""
        self._own = self._ask(0)

    def _ask(self, wanted: int) -> int:
        def step(budget: Budget) -> tuple[Budget, int]:
            return slots(budget, self._holder, wanted, self._at_once, self._clock())

        return self._budgets.change(self._key, step)
