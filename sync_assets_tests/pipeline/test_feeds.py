"""Streams that are listed together, and vendors that ask us to wait: as Dagster runs them."""

from datetime import timedelta

import dagster as dg

from sync_assets.errors import RateLimited
from sync_assets.pipeline import tags
from sync_assets.pipeline.assets import connector_assets
from sync_assets.pipeline.versions import code_versions
from sync_assets_tests.pipeline.conftest import QUIET, Desk
from sync_assets_tests.toy_feed import TrackerConnector

TICKETS, REPLIES = (dg.AssetKey(["tracker", name]) for name in ("tickets", "replies"))
INDEXES = {dg.AssetKey(["search_index", f"tracker_{name}"]) for name in ("tickets", "replies")}
HOUR = timedelta(hours=1)


def materialized(result: dg.ExecuteInProcessResult) -> set[dg.AssetKey | None]:
    return {event.asset_key for event in result.get_asset_materialization_events()}


def observed(result: dg.ExecuteInProcessResult) -> set[dg.AssetKey | None]:
    return {event.asset_key for event in result.get_asset_observation_events()}


def test_streams_of_a_feed_are_listed_by_one_step_over_sessions_opened_once(desk: Desk):
    result = desk.run()

    assert result.success
    assert materialized(result) == {TICKETS, REPLIES, *INDEXES}
    assert desk.tickets.opened == 1
    steps = {event.step_key for event in result.all_events if event.is_step_start}
    assert "tracker__tracker_feed" in steps


def test_one_stream_of_a_feed_can_be_chosen_alone(desk: Desk):
    pipeline = desk.pipeline
    versions = code_versions(pipeline.given.settings)

    result = dg.materialize(
        connector_assets(TrackerConnector(desk.tickets, desk.replies), versions),
        selection=[REPLIES],
        instance=pipeline.instance,
        partition_key="desk",
        resources={"stores": pipeline.given},
        run_config=QUIET,
    )

    assert materialized(result) == {REPLIES}
    assert desk.tickets.sweeps == 0


def test_the_stream_that_changed_goes_on_and_the_other_is_observed(desk: Desk):
    desk.run()
    desk.replies.write("a", "reply a, edited")

    result = desk.run()

    assert observed(result) == {TICKETS}
    assert materialized(result) == {REPLIES, dg.AssetKey(["search_index", "tracker_replies"])}


def test_a_stream_that_the_settings_leave_out_yields_nothing_and_promises_nothing(desk: Desk):
    registry = desk.pipeline.stores.registry
    registry.edit(desk.source.source_id, settings={"replies": False})

    result = desk.run()

    assert result.success
    assert materialized(result) == {TICKETS, dg.AssetKey(["search_index", "tracker_tickets"])}
    assert {each.asset_key.path[-1] for each in result.get_asset_check_evaluations()} == {
        "tickets",
        "tracker_tickets",
    }
    assert desk.pipeline.run("verify_tracker", "desk").success
    assert desk.replies.sweeps == 0


def test_run_purges_a_stream_that_the_settings_leave_out_since(desk: Desk):
    desk.run()
    stores = desk.pipeline.stores
    stores.registry.edit(desk.source.source_id, settings={"replies": False})

    assert desk.run().success

    assert {stream for _, stream in stores.reader.counts()} == {"tickets"}
    assert [cursor.stream for cursor in stores.cursors.all()] == ["tickets"]


def test_a_vendor_that_asks_to_wait_ends_the_run_well_and_says_until_when(desk: Desk):
    desk.run()
    until = desk.pipeline.clock.now + HOUR
    desk.tickets.limited = RateLimited("5000 of 5000 points are used", retry_at=until)

    result = desk.run()

    assert result.success
    assert observed(result) == {TICKETS, REPLIES}
    (event,) = [each for each in result.get_asset_observation_events() if each.asset_key == TICKETS]
    text = event.asset_observation_data.asset_observation.metadata["deferred"].value
    assert text == "waits until 2026-01-01 13:00:00 UTC because 5000 of 5000 points are used"
    assert desk.pipeline.stores.registry.get(desk.source.source_id).failures_in_a_row == 0


def test_the_retry_sensor_starts_the_run_when_the_time_has_come_and_nobody_sooner(desk: Desk):
    desk.run()
    for world in (desk.tickets, desk.replies):
        world.limited = RateLimited("wait", retry_at=desk.pipeline.clock.now + HOUR)
    desk.run()
    desk.tickets.write("c", "ticket c")
    for world in (desk.tickets, desk.replies):
        world.limited = None

    desk.pipeline.clock.advance(3599)
    assert desk.due("due_sources") == desk.due("retry_failures") == []
    desk.pipeline.clock.advance(1)
    (request,) = desk.due("retry_failures")
    (result,) = desk.pipeline.launch([request])

    assert request.tags[tags.TRIGGER] == "retry"
    assert result.success
    assert TICKETS in materialized(result)
    assert not desk.due("retry_failures")


def test_a_source_with_a_stream_that_need_not_wait_is_still_launched_by_its_cron(desk: Desk):
    desk.run()
    desk.tickets.limited = RateLimited("wait", retry_at=desk.pipeline.clock.now + HOUR)
    desk.run()
    feeds = desk.tickets.feeds
    desk.replies.write("c", "reply c")
    desk.pipeline.clock.advance(900)

    (result,) = desk.pipeline.launch(desk.due("due_sources"))

    assert REPLIES in materialized(result)
    assert desk.tickets.feeds == feeds


def test_what_was_fetched_before_the_limit_is_indexed_in_the_same_run(desk: Desk):
    for number in range(120):
        desk.tickets.write(f"t{number:03}", f"text {number}")
    until = desk.pipeline.clock.now + HOUR
    desk.tickets.limited, desk.tickets.limited_after = RateLimited("wait", retry_at=until), 17

    result = desk.run()

    assert result.success
    assert dg.AssetKey(["search_index", "tracker_tickets"]) in materialized(result)
    (event,) = [
        event for event in result.get_asset_materialization_events() if event.asset_key == TICKETS
    ]
    assert "deferred" in event.materialization.metadata
    assert len(desk.pipeline.stores.reader.chunks_stored("tracker:desk", "tickets")) > 0
