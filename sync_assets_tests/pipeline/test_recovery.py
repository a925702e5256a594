"""The ladder of recovery, rule by rule, as Dagster runs it: what follows on which failure."""

from datetime import timedelta

import pytest

from sync_assets.errors import (
    PageTooLarge,
    RateLimited,
    SourceGone,
    SourceRejectedUs,
    SourceUnavailable,
)
from sync_assets.pipeline import tags
from sync_assets_tests.pipeline.conftest import Desk

HOUR = timedelta(hours=1)


def fill(desk: Desk, count: int) -> None:
    for number in range(count):
        desk.tickets.write(f"t{number:03}", f"text {number}")


def limit(desk: Desk, *, calls: int = 0) -> None:
    """Both streams, until an hour from now, after so many calls more of the tickets."""
    until = desk.pipeline.clock.now + HOUR
    for world in (desk.tickets, desk.replies):
        world.limited = RateLimited("5000 of 5000 points are used", retry_at=until)
    desk.tickets.limited_after = calls


def lift(desk: Desk) -> None:
    desk.tickets.limited = desk.replies.limited = None


def indexed(desk: Desk, scope: str = "desk") -> int:
    return len(desk.pipeline.stores.reader.chunks_stored(f"tracker:{scope}", "tickets"))


def learned(desk: Desk, scope: str = "desk") -> dict[str, int]:
    return dict(desk.pipeline.stores.learned.get(f"tracker:{scope}", "tickets"))


def told(desk: Desk) -> str:
    desk.pipeline.clock.advance(300)
    return str(desk.pipeline.tick("alerts").skip_reason)


def test_after_a_rate_limit_nobody_is_called_until_told_and_then_batches_have_10(desk: Desk):
    fill(desk, 60)
    limit(desk, calls=8)  # the pages of the listing, no document
    assert desk.run().success
    calls, opened = len(desk.tickets.sizes), desk.tickets.opened
    lift(desk)

    desk.pipeline.clock.advance(3599)
    assert desk.run().success
    assert (len(desk.tickets.sizes), desk.tickets.opened) == (calls, opened)
    desk.pipeline.clock.advance(1)
    desk.pipeline.launch(desk.due("retry_failures"))

    feed, *batches = desk.tickets.sizes[calls:]
    assert feed == 1
    assert batches[:5] == [10] * 5
    assert indexed(desk) == 62
    assert desk.tickets.sweeps == 1


def test_after_a_time_out_or_a_502_pages_have_25_items(desk: Desk):
    fill(desk, 98)
    desk.tickets.page, desk.tickets.slow = 100, 26

    assert desk.run().success

    assert desk.tickets.sizes[:5] == [100, 25, 25, 25, 25]
    assert learned(desk)["page"] == 25
    assert indexed(desk) == 100


def test_a_vendor_that_is_down_is_asked_for_less_at_every_try_and_pages_grow_back(desk: Desk):
    fill(desk, 60)
    desk.tickets.page = 100
    desk.tickets.limited = SourceUnavailable("HTTP 502")
    pages: list[int] = []
    for _ in range(4):
        assert not desk.run().success
        pages.append(learned(desk)["page"])
    lift(desk)

    assert desk.run().success

    assert pages == [12, 6, 3, 1]
    assert indexed(desk) == 62
    assert learned(desk)["page"] > 1
    assert desk.tickets.sizes[0] == 1


def test_after_a_time_out_batches_have_25_documents(desk: Desk):
    fill(desk, 98)
    desk.tickets.slow = 26

    assert desk.run().success

    batches = desk.tickets.sizes[13:]  # after the pages of the listing
    assert sorted(batches) == [25] * 4 + [50] * 2
    assert indexed(desk) == 100
    assert learned(desk) == {"batch": 25}


def test_a_poisonous_document_is_isolated_at_size_1_and_named(desk: Desk):
    fill(desk, 48)
    desk.tickets.poisonous = {"t007"}

    assert desk.run().success

    (failure,) = desk.pipeline.stores.failures.list("tracker:desk")
    assert (failure.key, failure.error) == ("t007", "UnexpectedPayload")
    assert desk.tickets.sizes[-1] == 1
    assert indexed(desk) == 49


def test_sizes_grow_back_and_what_was_learned_is_kept_for_each_source(desk: Desk):
    fill(desk, 46)
    desk.tickets.too_large = 6
    assert desk.run().success
    assert learned(desk)["page"] == 4
    assert learned(desk)["batch"] < 50
    desk.add("other")
    assert learned(desk, "other") == {}
    desk.tickets.too_large = 1_000

    sizes: list[dict[str, int]] = []
    for _ in range(4):
        begun = len(desk.tickets.sizes)
        for name in desk.tickets.tickets:
            desk.tickets.write(name, f"edited {begun}")
        assert desk.run(full=True).success
        sizes.append(learned(desk))

    assert sizes[-1] == {}
    assert [each.get("batch", 50) for each in sizes] == sorted(
        each.get("batch", 50) for each in sizes
    )
    assert indexed(desk) == 48


@pytest.mark.parametrize(
    "error",
    [
        SourceGone("it was deleted"),
        SourceRejectedUs("fix the token"),
        SourceUnavailable("down"),
        PageTooLarge("even one is too much"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_any_other_failure_is_tried_five_times_with_waits_doubling_below_5_minutes(
    desk: Desk, error: Exception
):
    desk.tickets.limited = error
    waits: list[float] = []
    registry, clock = desk.pipeline.stores.registry, desk.pipeline.clock

    for _ in range(5):
        assert registry.get(desk.source.source_id).status == "active"
        desk.run()
        failed = registry.get(desk.source.source_id)
        assert failed.next_try_at is not None
        waits.append((failed.next_try_at - clock.now).total_seconds())
        assert not desk.due("retry_failures")
        clock.now = failed.next_try_at
        (request,) = desk.due("retry_failures")
        assert request.partition_key == "desk"

    for wait, expected in zip(waits, [30, 60, 120, 240, 3600], strict=True):
        assert 0.8 * expected <= wait <= 1.2 * expected
    assert registry.get(desk.source.source_id).status == "error"
    lift(desk)
    desk.run()
    assert registry.get(desk.source.source_id).status == "active"
    assert not desk.due("retry_failures")


def test_after_five_tries_the_source_is_in_error_with_one_alert_and_one_on_recovery(desk: Desk):
    desk.tickets.limited = SourceGone("it was deleted")
    for _ in range(4):
        desk.run()
        assert "nothing to tell" in told(desk)
    desk.run()
    assert desk.pipeline.stores.registry.get(desk.source.source_id).status == "error"
    assert "1 messages" in told(desk)
    desk.run()
    assert "nothing to tell" in told(desk)

    lift(desk)
    desk.run()

    assert "1 messages" in told(desk)
    assert "nothing to tell" in told(desk)


def test_waiting_for_a_vendor_is_no_failure_and_no_alert(desk: Desk):
    desk.run()
    for _ in range(6):
        limit(desk)
        assert desk.run().success
        assert "nothing to tell" in told(desk)
        desk.pipeline.clock.advance(3600)

    assert desk.pipeline.stores.registry.get(desk.source.source_id).failures_in_a_row == 0


def test_a_one_hour_wait_holds_no_run_slot_and_loses_nothing(desk: Desk):
    fill(desk, 60)
    limit(desk, calls=9)
    assert desk.run().success
    before = indexed(desk)
    lift(desk)

    started = desk.pipeline.clock.now
    desk.add("other")
    for _ in range(3):
        desk.pipeline.clock.advance(1190)
        assert desk.pipeline.busy() == []
        assert not desk.due("retry_failures")
        (due,) = desk.due("due_sources")
        assert due.partition_key == "other"
        assert all(result.success for result in desk.pipeline.launch([due]))
    desk.pipeline.clock.now = started + HOUR
    (request,) = desk.due("retry_failures")
    desk.pipeline.launch([request])

    assert request.partition_key == "desk"
    assert before < 62
    assert indexed(desk) == indexed(desk, "other") == 62


@pytest.mark.parametrize("marks", [{}, {tags.BACKFILL: "b1"}], ids=["manual", "backfill"])
def test_a_run_of_a_source_that_waits_calls_nobody_says_so_and_forgets_no_wish(
    desk: Desk, marks: dict[str, str]
):
    desk.run()
    limit(desk)
    desk.run()
    lift(desk)
    calls, opened = len(desk.tickets.sizes), desk.tickets.opened

    result = desk.run(marks=marks, full=True)

    assert result.success
    assert (len(desk.tickets.sizes), desk.tickets.opened) == (calls, opened)
    messages = [entry.user_message for entry in desk.pipeline.instance.all_logs(result.run_id)]
    waits = "tracker:desk tickets waits until 2026-01-01 13:00:00 UTC because 5000 of 5000 points"
    assert any(message.startswith(waits) for message in messages)
    desk.tickets.write_silently("a", "no feed shows it")
    desk.pipeline.clock.advance(3600)
    desk.pipeline.launch(desk.due("retry_failures"))
    assert desk.tickets.sweeps == 2  # the full sync that was asked for


def test_an_audit_of_a_source_that_waits_calls_nobody_and_one_that_is_limited_makes_it_wait(
    desk: Desk,
):
    desk.run()
    limit(desk)
    assert desk.pipeline.run("verify_tracker", "desk").success
    lift(desk)
    calls = len(desk.tickets.sizes)

    assert desk.pipeline.run("verify_tracker", "desk").success
    assert desk.run().success
    assert len(desk.tickets.sizes) == calls

    desk.pipeline.clock.advance(3600)
    result = desk.pipeline.run("verify_tracker", "desk")
    assert [each.passed for each in result.get_asset_check_evaluations()] == [True, True]
