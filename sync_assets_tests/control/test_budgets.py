import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from sync_assets.control.budget import Budget, Grant, Lately
from sync_assets.control.budgets import BudgetKey, Budgets
from sync_assets.control.database import ControlDatabase
from sync_assets_tests.fakes import FakeClock

KEY = BudgetKey("api.github.com", "0123456789ab", "core")


@pytest.fixture
def budgets(database: ControlDatabase) -> Budgets:
    return Budgets(database)


def test_what_was_changed_is_read_back(budgets: Budgets, clock: FakeClock):
    soon = clock() + timedelta(seconds=5)
    whole = Budget(
        limit=5000,
        remaining=4000,
        reset_at=soon,
        answered=True,
        spent=1000,
        blocked_until=soon,
        refusals=2,
        waiting_until=soon,
        grants={"a": Grant(20, soon)},
        lately=(Lately(clock(), "a", 3, 0.5),),
    )
    budgets.change(KEY, lambda _: (whole, None))

    assert budgets.get(KEY) == whole
    assert budgets.all() == [(KEY, whole)]


def test_an_unknown_budget_is_empty(budgets: Budgets):
    assert budgets.get(KEY) == Budget()
    assert budgets.all() == []


def test_no_change_is_lost_when_many_threads_make_them(budgets: Budgets):
    def spend() -> None:
        for _ in range(10):
            budgets.change(KEY, lambda budget: (replace(budget, spent=budget.spent + 1), None))

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert budgets.get(KEY).spent == 40
