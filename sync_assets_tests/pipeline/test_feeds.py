"""Streams that are listed together, and vendors that ask us to wait: as Dagster runs them."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

import dagster as dg
import pytest

from sync_assets.definitions import definitions_of
from sync_assets.errors import RateLimited, SourceGone
from sync_assets.models import Source
from sync_assets.pipeline import tags
from sync_assets.pipeline.assets import connector_assets
from sync_assets.pipeline.outcome import record_outcome
from sync_assets.pipeline.resources import GivenStores
from sync_assets.pipeline.versions import code_versions
from sync_assets.settings import Settings
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.pipeline.conftest import QUIET, Pipeline
from sync_assets_tests.toy import World
from sync_assets_tests.toy_feed import Tracker, TrackerConnector

TICKETS, REPLIES = (dg.AssetKey(["tracker", name]) for name in ("tickets", "replies"))
INDEXES = {dg.AssetKey(["search_index", f"tracker_{name}"]) for name in ("tickets", "replies")}
HOUR = timedelta(hours=1)


@dataclass
class Desk:
    """A pipeline of one source with tickets and replies."""

    pipeline: Pipeline
    source: Source
    tickets: Tracker
    replies: Tracker

    def run(self) -> dg.ExecuteInProcessResult:
        result = self.pipeline.run("sync_tracker", "desk")
        record_outcome(self.pipeline.stores, self.pipeline.instance, result.run_id)
        return result

    def due(self, sensor: str) -> list[dg.RunRequest]:
        return list(self.pipeline.tick(sensor).run_requests or ())


@pytest.fixture(scope="session")
def loaded(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dg.Definitions, TrackerConnector]:
    connector = TrackerConnector(Tracker())
    settings = Settings(home=tmp_path_factory.mktemp("home"), embedder="hash")
    return definitions_of([connector], settings), connector


@pytest.fixture
def desk(
    loaded: tuple[dg.Definitions, TrackerConnector],
    instance: dg.DagsterInstance,
    settings: Settings,
    clock: FakeClock,
) -> Iterator[Desk]:
    defs, connector = loaded
    tickets, replies = Tracker(), Tracker()
    connector.worlds = {"tickets": tickets, "replies": replies}
    for name in ("a", "b"):
        tickets.write(name, f"ticket {name}")
        replies.write(name, f"reply {name}")
    with ExitStack() as stack:
        given = GivenStores(settings, clock=clock)
        stores = stack.enter_context(given.open())
        source = stores.registry.add("tracker", "desk", {}, "*/15 * * * *")
        instance.add_dynamic_partitions("tracker_sources", ["desk"])
        pipeline = Pipeline(defs, instance, given, stores, World(), clock)
        yield Desk(pipeline, source, tickets, replies)


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


def test_a_source_whose_run_failed_is_tried_again_with_back_off_and_not_by_its_cron(desk: Desk):
    desk.tickets.limited = SourceGone("it was deleted")
    waits: list[float] = []
    registry, clock = desk.pipeline.stores.registry, desk.pipeline.clock

    for _ in range(5):
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
    desk.tickets.limited = None
    desk.run()
    assert registry.get(desk.source.source_id).status == "active"
    assert not desk.due("retry_failures")
