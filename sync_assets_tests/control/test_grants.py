"""The rules of rate budgets, one by one; `http/test_governor_holds.py` holds them all together."""

from datetime import datetime, timedelta

import pytest

from sync_assets.control.budget import (
    Ask,
    Budget,
    Grant,
    Granted,
    Policy,
    Reading,
    Report,
    Wait,
)
from sync_assets.control.grants import (
    GRANT_POINTS,
    MINUTE_SECONDS,
    UNTOLD_WAIT,
    asked,
    refused,
    reported,
)
from sync_assets.control.slots import slots
from sync_assets_tests.fakes import FakeClock

NOW = FakeClock()()
HOUR = timedelta(hours=1)
ONE = Ask(1, 1)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def told(remaining: int, limit: int = 5000) -> Budget:
    return Budget(limit=limit, remaining=remaining, reset_at=NOW + HOUR, answered=True)


def read(budget: Budget, *readings: Reading, now: datetime = NOW) -> Budget:
    report = Report(read=len(readings), answered=True, readings=readings)
    return reported(budget, "a", report, now)


def test_points_are_granted_many_at_once_where_there_are_plenty_and_singly_at_the_end():
    _, plenty = asked(told(5000), "a", ONE, Policy(), NOW)
    _, few = asked(told(12), "a", ONE, Policy(), NOW)

    assert isinstance(plenty, Granted)
    assert isinstance(few, Granted)
    assert (plenty.points, few.points) == (GRANT_POINTS, 1)


def test_what_others_hold_is_not_granted_again():
    budget, first = asked(told(3), "a", Ask(2, 1), Policy(), NOW)
    _, second = asked(budget, "b", Ask(2, 1), Policy(), NOW)

    assert isinstance(first, Granted)
    assert second == Wait(later(1), sooner=True)


def test_answers_out_of_order_never_raise_the_budget():
    end = NOW + HOUR
    budget = read(Budget(), Reading(5000, 90, end))

    assert read(budget, Reading(5000, 95, end)).remaining == 90
    assert read(budget, Reading(5000, 5000, NOW + HOUR / 2)).remaining == 90
    assert read(budget, Reading(5000, 4999, end + HOUR)).remaining == 4999


def test_a_call_without_an_answer_counts_as_spent():
    budget = reported(told(10), "a", Report(unseen=3), NOW)

    assert (budget.remaining, budget.spent) == (7, 3)


def test_an_unknown_budget_lets_a_few_through_until_one_is_answered():
    budget, granted = Budget(), 0
    while True:
        budget, answer = asked(budget, f"{granted}", ONE, Policy(), NOW)
        if isinstance(answer, Wait):
            break
        granted += answer.points

    assert granted == 5
    assert isinstance(asked(read(budget), "b", ONE, Policy(), NOW)[1], Granted)


@pytest.mark.parametrize(
    ("limit", "floor"), [(5000, 500), (800, 100), (60, 30)], ids=["percent", "points", "half"]
)
def test_the_reserve_is_the_larger_of_points_and_percent_and_at_most_half(limit: int, floor: int):
    policy = Policy(reserve_points=100, reserve_percent=10)

    assert policy.floor(limit) == floor
    _, answer = asked(told(floor, limit), "a", ONE, policy, NOW)
    assert answer == Wait(NOW + HOUR + timedelta(seconds=1))
    _, answer = asked(told(floor + 1, limit), "a", ONE, policy, NOW)
    assert isinstance(answer, Granted)


def test_backfills_leave_two_reserves_and_webhooks_none():
    backfill = Policy(reserve_points=100, reserves=2)
    webhook = Policy(reserve_points=100, reserves=0)

    assert isinstance(asked(told(150), "a", ONE, backfill, NOW)[1], Wait)
    assert isinstance(asked(told(1), "a", ONE, webhook, NOW)[1], Granted)


def test_the_cap_is_what_we_spend_whatever_is_left():
    policy = Policy(cap_percent=20)
    budget = reported(told(4000), "a", Report(unseen=1000), NOW)

    assert isinstance(asked(budget, "a", ONE, policy, NOW)[1], Wait)


def test_when_the_window_ends_all_is_there_again_but_for_calls_under_way():
    budget = read(Budget(), Reading(100, 0, later(10)))
    in_flight = reported(budget, "b", Report(in_flight=4), later(9))

    after = reported(in_flight, "a", Report(), later(11))

    assert (after.remaining, after.outstanding(), after.spent) == (100, 4, 0)


def test_points_a_minute_are_waited_for():
    policy = Policy(minute_points=900)
    budget, answer = asked(told(5000), "a", Ask(1, 880), policy, NOW)
    assert isinstance(answer, Granted)

    budget, answer = asked(budget, "b", Ask(1, 30), policy, later(20))
    assert answer == Wait(later(MINUTE_SECONDS))
    budget = reported(budget, "b", Report(), later(MINUTE_SECONDS))
    assert isinstance(asked(budget, "b", Ask(1, 30), policy, later(MINUTE_SECONDS))[1], Granted)


def test_a_server_that_works_too_long_for_us_gets_one_call_at_a_time():
    policy = Policy(minute_seconds=60)
    budget = reported(told(5000), "a", Report(seconds=61), NOW)

    assert asked(budget, "b", ONE, policy, NOW)[1] == Granted(20, 20, serial=True)
    budget = reported(budget, "a", Report(), later(MINUTE_SECONDS))
    answer = asked(budget, "a", ONE, policy, later(MINUTE_SECONDS))[1]
    assert answer == Granted(20, 20, serial=False)


def test_a_refusal_stops_all_until_then_and_the_first_call_after_it_goes_alone():
    budget = refused(told(5000), later(120), NOW)
    assert asked(budget, "b", ONE, Policy(), later(119))[1] == Wait(later(120), refused=True)

    budget, first = asked(budget, "b", ONE, Policy(), later(120))
    assert first == Granted(1, 1)
    budget, second = asked(budget, "c", ONE, Policy(), later(120))
    assert second == Wait(later(121), sooner=True)

    budget = reported(budget, "b", Report(unseen=1, answered=True), later(121))
    assert asked(budget, "c", ONE, Policy(), later(121))[1] == Granted(20, 20)


def test_refusals_one_after_another_wait_longer_and_those_at_once_count_as_one():
    once = refused(Budget(), NOW + UNTOLD_WAIT, NOW)
    at_once = refused(once, NOW + UNTOLD_WAIT, NOW)
    again = refused(at_once, later(60) + UNTOLD_WAIT, later(60))

    assert [each.blocked_until for each in (once, at_once, again)] == [
        later(60),
        later(60),
        later(60 + 120),
    ]


def test_slots_of_all_holders_never_exceed_the_limit_and_the_last_one_gets_some():
    budget, taken = Budget(), list[int]()
    for number in range(9):
        budget, some = slots(budget, f"{number}", 20, 100, NOW)
        taken.append(some)

    assert taken == [20, 20, 20, 20, 10, 5, 3, 1, 1]
    budget, _ = slots(budget, "0", 0, 100, NOW)
    assert slots(budget, "new", 20, 100, NOW)[1] == 10
    assert slots(budget, "new", 20, 100, later(121))[1] == 20


def test_a_dead_holders_grant_without_a_known_end_counts_as_spent():
    budget = Budget(limit=100, remaining=100, grants={"dead": Grant(20, later(5))})

    assert reported(budget, "a", Report(), later(60)).outstanding() == 20
    after = reported(budget, "a", Report(), later(66))
    assert (after.remaining, after.outstanding()) == (80, 0)
