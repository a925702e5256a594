from datetime import timedelta

import pytest

from sync_assets.control.alerts import Alert, Alerts, ChannelState
from sync_assets.control.database import ControlDatabase
from sync_assets.control.registry import Registry
from sync_assets.models import Source
from sync_assets_tests.fakes import FakeClock

ID = "github:owner/name"


@pytest.fixture
def alerts(database: ControlDatabase) -> Alerts:
    return Alerts(database)


def fail(registry: Registry, times: int) -> None:
    for number in range(times):
        registry.record_failure(ID, f"HTTP 40{number}")


def test_the_fifth_failure_in_a_row_is_an_alert_and_the_hourly_ones_after_it_are_not(
    registry: Registry, source: Source, alerts: Alerts, clock: FakeClock
):
    fail(registry, 4)
    assert alerts.untold("log") == ()
    fail(registry, 1)
    expected = Alert(ID, "error", "HTTP 400", clock(), clock(), [])
    assert alerts.untold("log") == (expected,)

    clock.advance(3600)
    fail(registry, 3)

    assert alerts.untold("log") == (expected,)


def test_recovery_is_an_alert_once_even_where_the_source_was_resumed_in_between(
    registry: Registry, source: Source, alerts: Alerts, clock: FakeClock
):
    registry.record_success(ID)
    assert alerts.untold("log") == ()
    fail(registry, 5)
    since = clock()
    registry.resume(ID)
    clock.advance(60)
    registry.record_success(ID)
    at = clock()
    clock.advance(60)
    registry.record_success(ID)

    assert alerts.untold("log") == (Alert(ID, "recovered", "HTTP 404", since, at, []),)


def test_a_resumed_source_that_fails_again_is_a_new_alert(
    registry: Registry, source: Source, alerts: Alerts, clock: FakeClock
):
    fail(registry, 5)
    alerts.mark_told("log", alerts.untold("log"), next_at=clock())
    registry.resume(ID)
    fail(registry, 5)

    assert [alert.event for alert in alerts.untold("log")] == ["error"]


def test_a_paused_source_raises_no_alarm(registry: Registry, source: Source, alerts: Alerts):
    registry.pause(ID)
    fail(registry, 6)

    assert alerts.untold("log") == ()


def test_a_channel_has_what_it_was_told_unless_something_newer_happened_meanwhile(
    registry: Registry, source: Source, alerts: Alerts, clock: FakeClock
):
    fail(registry, 5)
    read = alerts.untold("log")
    clock.advance(1)
    registry.record_success(ID)
    alerts.mark_told("log", read, next_at=clock())
    assert [alert.event for alert in alerts.untold("log")] == ["recovered"]

    alerts.mark_told("log", alerts.untold("log"), next_at=clock())

    assert alerts.untold("log") == ()
    assert [alert.event for alert in alerts.untold("slack")] == ["recovered"]


def test_how_a_channel_stands_is_kept(alerts: Alerts, clock: FakeClock):
    assert alerts.channel("slack") is None
    later = clock() + timedelta(minutes=5)
    alerts.put_off("slack", ChannelState(later, 3))
    assert alerts.channel("slack") == ChannelState(later, 3)
    alerts.mark_told("slack", [], next_at=clock())
    assert alerts.channel("slack") == ChannelState(clock(), 0)


def test_a_source_takes_its_alert_with_it(registry: Registry, source: Source, alerts: Alerts):
    fail(registry, 5)
    registry.delete(ID)

    assert alerts.untold("log") == ()
