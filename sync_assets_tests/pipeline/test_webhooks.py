"""The inbox under the sensor `webhook_inbox`: real runs, a real instance, a real database."""

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from sync_assets.control.filing import Incoming
from sync_assets.control.inbox import AT_ONCE, Delivery, Inbox, Topic
from sync_assets.errors import RateLimited, SourceGone, SourceUnavailable
from sync_assets.models import Source
from sync_assets.pipeline import tags
from sync_assets.pipeline.jobs import build_jobs
from sync_assets.pipeline.outcome import record_outcome
from sync_assets.pipeline.resources import GivenStores
from sync_assets.pipeline.settlement import ATTEMPTS, CANCELLED
from sync_assets.pipeline.webhooks import MOST_A_TICK, webhook_inbox
from sync_assets.stores import Stores
from sync_assets.sync.listings import basis_of
from sync_assets_tests.pipeline.conftest import Desk, Pipeline
from sync_assets_tests.pipeline.deliveries import asked, deliver, run, states
from sync_assets_tests.toy import ToyConnector


def only(pipeline: Pipeline) -> Delivery:
    (delivery,) = pipeline.stores.inbox.newest()
    return delivery


@pytest.fixture
def source(pipeline: Pipeline) -> Source:
    source = pipeline.register()
    pipeline.run()
    return source


def test_deliveries_of_a_source_become_one_run_before_all_others(
    pipeline: Pipeline, source: Source
):
    other = pipeline.register("other")
    for number in range(3):
        deliver(pipeline, source, f"a{number}", subject="main")
    deliver(pipeline, other, "b")
    pipeline.world.notes["three"] = "The third note."
    pipeline.clock.advance(4)

    ours, theirs = asked(pipeline)
    assert (ours.partition_key, theirs.partition_key) == ("team", "other")
    assert ours.run_key == "toy:team:inbox:3:0"
    assert ours.tags[tags.TRIGGER] == "webhook"
    assert int(ours.tags[tags.PRIORITY]) == max(tags.PRIORITIES.values())
    assert (ours.tags.get(tags.LANE), theirs.tags.get(tags.LANE)) == ("open", None)
    run(pipeline, [ours, theirs])

    assert states(pipeline) == {"a0": "superseded", "a1": "superseded", "a2": "done", "b": "done"}
    assert pipeline.stores.inbox.lags() == {source.source_id: 4.0, other.source_id: 4.0}
    assert len(pipeline.stores.reader.documents_stored(source.source_id, "notes")) == 3


class Arriving(Inbox):
    """An inbox into which something comes while a tick waits for it."""

    def __init__(self, stores: Stores, arrive: Callable[[], object]) -> None:
        super().__init__(stores.database, stores.clock)
        self.looks = 0
        self._arrive = arrive

    def waiting(self, source_id: str | None = None) -> tuple[Topic, ...]:
        self.looks += 1
        if self.looks == 2:
            self._arrive()
        return super().waiting(source_id)


class Waiting(GivenStores):
    """Stores with such an inbox."""

    def __init__(self, pipeline: Pipeline, arrive: Callable[[], object]) -> None:
        super().__init__(pipeline.given.settings, clock=pipeline.clock)
        self._arrive = arrive

    @contextmanager
    def open(self) -> Generator[Stores]:
        with super().open() as stores:
            stores.inbox = Arriving(stores, self._arrive)
            yield stores


def test_a_tick_that_finds_nothing_waits_for_what_comes_meanwhile(
    pipeline: Pipeline, source: Source
):
    connectors = [ToyConnector(pipeline.world)]
    stores = Waiting(pipeline, lambda: deliver(pipeline, source, "a"))
    context = dg.build_sensor_context(instance=pipeline.instance, resources={"stores": stores})

    answer = webhook_inbox(connectors, build_jobs(connectors), patience=30)(context)

    assert isinstance(answer, dg.SensorResult)
    assert [request.partition_key for request in answer.run_requests or ()] == ["team"]
    assert states(pipeline) == {"a": "claimed"}


def test_a_tick_waits_for_the_end_of_the_run_that_its_delivery_has_to_wait_for(
    pipeline: Pipeline, source: Source
):
    deliver(pipeline, source, "a")
    run = pipeline.pretend_running("team")
    connectors = [ToyConnector(pipeline.world)]
    stores = Waiting(pipeline, lambda: pipeline.instance.report_run_canceled(run))
    context = dg.build_sensor_context(instance=pipeline.instance, resources={"stores": stores})

    answer = webhook_inbox(connectors, build_jobs(connectors), patience=30)(context)

    assert isinstance(answer, dg.SensorResult)
    assert states(pipeline) == {"a": "claimed"}


def test_a_tick_for_which_nothing_comes_ends(pipeline: Pipeline, source: Source):
    assert source.status == "active"
    connectors = [ToyConnector(pipeline.world)]
    resources = {"stores": pipeline.given}
    context = dg.build_sensor_context(instance=pipeline.instance, resources=resources)

    answer = webhook_inbox(connectors, build_jobs(connectors), patience=0.3)(context)

    assert isinstance(answer, dg.SkipReason)


def first_sync(pipeline: Pipeline, source: Source) -> None:
    pipeline.stores.cursors.restart(source.source_id, "notes")


def killed(pipeline: Pipeline, source: Source) -> None:
    """A run that listed, and brought nothing in."""
    at = pipeline.clock()
    pipeline.stores.cursors.set_listed(source.source_id, "notes", "another", at=at)


def sweep(pipeline: Pipeline, source: Source) -> None:
    pipeline.stores.cursors.want_sweep(source.source_id, "notes", pipeline.clock())


def told_to_sweep(pipeline: Pipeline, source: Source) -> None:
    deliver(pipeline, source, "b", sweep=True)


def rebuild(pipeline: Pipeline, source: Source) -> None:
    pipeline.stores.registry.edit(source.source_id, settings={"is": "another"})


@pytest.mark.parametrize("what", [first_sync, killed, sweep, told_to_sweep, rebuild])
def test_a_run_that_lists_everything_takes_no_slot_that_is_kept_for_webhooks(
    pipeline: Pipeline, what: Callable[[Pipeline, Source], None]
):
    source, stores = pipeline.register(), pipeline.stores
    key, at = (source.source_id, "notes"), pipeline.clock()
    basis = basis_of(source, stores.settings, stores.embedder.fingerprint)
    stores.cursors.set_listed(*key, "one", at=at)  # as a sync leaves it
    stores.cursors.set_indexed(*key, "one", basis, verified=True, swept_at=at)
    deliver(pipeline, source, "a")
    (quick,) = asked(pipeline)
    what(pipeline, source)
    (slow,) = asked(pipeline)

    assert (quick.tags.get(tags.LANE), slow.tags.get(tags.LANE)) == ("open", None)


def test_a_run_of_deliveries_says_how_long_the_change_took(pipeline: Pipeline, source: Source):
    at = pipeline.clock() - timedelta(seconds=2)
    pipeline.world.notes["three"] = "The third note."
    deliver(pipeline, source, "a", event_at=at)
    pipeline.clock.advance(3)
    (result,) = run(pipeline, asked(pipeline))

    (index,) = result.asset_materializations_for_node("search_index__toy_notes")
    assert index.metadata["webhook_lag_seconds"].value == 5.0
    assert index.metadata["deliveries"].value == 1


def test_what_had_changed_nothing_is_done_all_the_same(pipeline: Pipeline, source: Source):
    deliver(pipeline, source, "a")
    (result,) = run(pipeline, asked(pipeline))

    assert only(pipeline).state == "done"
    assert only(pipeline).run_id == result.run_id
    (event,) = result.get_asset_observation_events()
    assert "webhook_lag_seconds" in event.asset_observation_data.asset_observation.metadata


def test_only_the_streams_concerned_are_run(desk: Desk):
    desk.run()
    sweeps = desk.tickets.sweeps
    deliver(desk.pipeline, desk.source, "a", ["replies"])
    desk.replies.write("a", "edited")
    (result,) = run(desk.pipeline, asked(desk.pipeline))

    assert {event.asset_key for event in result.get_asset_materialization_events()} == {
        dg.AssetKey(["tracker", "replies"]),
        dg.AssetKey(["search_index", "tracker_replies"]),
    }
    assert (desk.tickets.sweeps, desk.tickets.feeds) == (sweeps, 0)
    assert states(desk.pipeline) == {"a": "done"}


def test_what_deliveries_name_is_all_that_their_run_reads(desk: Desk):
    desk.run()
    desk.tickets.fetched.clear()
    for name in ("a", "b"):
        desk.tickets.write(name, "edited")
    deliver(desk.pipeline, desk.source, "1", ["tickets"], hints={"ticket": "a"}, subject="a")
    run(desk.pipeline, asked(desk.pipeline))
    assert desk.tickets.fetched == ["a"]
    assert (desk.tickets.hinted, desk.tickets.feeds) == (1, 0)

    deliver(desk.pipeline, desk.source, "2", ["tickets"], hints={"ticket": "a"}, subject="a")
    deliver(desk.pipeline, desk.source, "3", ["tickets"])
    run(desk.pipeline, asked(desk.pipeline))

    assert desk.tickets.fetched == ["a", "b"]
    assert states(desk.pipeline) == {"1": "done", "2": "done", "3": "done"}


def test_what_is_about_several_streams_is_done_with_the_run(desk: Desk):
    desk.run()
    deliver(desk.pipeline, desk.source, "a")
    run(desk.pipeline, asked(desk.pipeline))
    assert states(desk.pipeline) == {"a": "claimed"}

    assert not asked(desk.pipeline)
    assert states(desk.pipeline) == {"a": "done"}


def test_a_delivery_that_only_a_complete_listing_explains_gets_one(desk: Desk):
    desk.run()
    desk.tickets.write_silently("a", "edited, and no feed shows it")
    deliver(desk.pipeline, desk.source, "a", ["tickets"], sweep=True)
    sweeps = desk.tickets.sweeps
    run(desk.pipeline, asked(desk.pipeline))

    assert desk.tickets.sweeps == sweeps + 1
    assert desk.tickets.fetched[-1] == "a"
    assert states(desk.pipeline) == {"a": "done"}


def test_five_thousand_pushes_make_a_handful_of_runs(pipeline: Pipeline, source: Source):
    def pushed(first: int, last: int) -> None:
        pushes = [
            Incoming("toy", f"{number}", "push", lambda _: True, ("notes",), "branch:main")
            for number in range(first, last)
        ]
        pipeline.stores.inbox.store(pushes)

    runs: list[dg.ExecuteInProcessResult] = []
    for first, last in [(0, 4000), (4000, 5000)]:
        under_way = pipeline.pretend_running("team")
        pushed(first, last)
        assert not asked(pipeline)
        pipeline.instance.report_run_canceled(under_way)
        runs += run(pipeline, asked(pipeline))
    while more := run(pipeline, asked(pipeline)):
        runs += more

    assert len(runs) == 5
    counts = {depth.state: depth.count for depth in pipeline.stores.inbox.depths()}
    assert counts == {"done": 5, "superseded": 4995}
    given = Counter(each.run_id for each in pipeline.stores.inbox.newest())
    assert max(given.values()) == AT_ONCE


def test_a_tick_looks_at_so_many_deliveries_and_the_next_one_at_the_rest(pipeline: Pipeline):
    scopes = [f"s{number}" for number in range(MOST_A_TICK // AT_ONCE + 1)]
    known = [pipeline.register(scope) for scope in reversed(scopes)]
    inbox = pipeline.stores.inbox
    inbox.store([Incoming("toy", f"{n}", "push", lambda _: True) for n in range(AT_ONCE)])

    first = [request.partition_key for request in asked(pipeline)]
    inbox.end([each.number for each in inbox.newest(state="claimed")], "ignored", "enough")
    second = [request.partition_key for request in asked(pipeline)]

    assert len(known) == len(first) + 1
    assert {*first, *second} == {*scopes}


def test_deliveries_overtake_a_run_that_only_waits_in_the_queue(pipeline: Pipeline, source: Source):
    pipeline.pretend_running("team", status=dg.DagsterRunStatus.QUEUED)
    deliver(pipeline, source, "a")

    assert len(asked(pipeline)) == 1


def test_a_tick_that_dies_after_claiming_loses_nothing(pipeline: Pipeline, source: Source):
    deliver(pipeline, source, "a")
    lost = asked(pipeline)
    deliver(pipeline, source, "b")
    again = asked(pipeline)

    assert lost[0].run_key != again[0].run_key
    assert len(run(pipeline, again)) == 1
    assert states(pipeline) == {"a": "superseded", "b": "done"}
    run(pipeline, lost)  # the daemon comes back to it: a sync that finds nothing to do
    assert not asked(pipeline)
    assert {each.attempts for each in pipeline.stores.inbox.newest()} == {0}


def test_a_tick_that_is_asked_twice_makes_one_run(pipeline: Pipeline, source: Source):
    deliver(pipeline, source, "a")
    first, second = asked(pipeline), asked(pipeline)

    assert [each.run_key for each in first] == [each.run_key for each in second]
    assert len(run(pipeline, first)) == 1
    assert not run(pipeline, second)
    assert not asked(pipeline)


def test_a_failed_run_gives_its_deliveries_back_until_they_are_given_up(
    pipeline: Pipeline, source: Source
):
    pipeline.clock.now = datetime.now(UTC)  # a run's end is told by the wall's clock
    pipeline.world.notes["three"] = "The third note."
    pipeline.world.outage = SourceUnavailable("toy is down")
    deliver(pipeline, source, "a")
    keys: list[str | None] = []
    for _ in range(ATTEMPTS):
        requests = asked(pipeline)
        keys += [request.run_key for request in requests]
        assert [result.success for result in run(pipeline, requests)] == [False]
        assert not asked(pipeline)
        pipeline.clock.advance(5000)

    assert len({*keys}) == ATTEMPTS
    assert not asked(pipeline)
    assert (only(pipeline).state, only(pipeline).reason) == ("failed", "toy is down")


def test_a_delivery_given_back_is_done_when_the_vendor_is_well_again(
    pipeline: Pipeline, source: Source
):
    pipeline.clock.now = datetime.now(UTC)
    pipeline.world.notes["three"] = "The third note."
    pipeline.world.outage = SourceUnavailable("toy is down")
    deliver(pipeline, source, "a")
    run(pipeline, asked(pipeline))
    pipeline.world.outage = None
    assert not asked(pipeline)

    pipeline.clock.advance(60)
    run(pipeline, asked(pipeline))

    assert (only(pipeline).state, only(pipeline).reason) == ("done", None)


def test_a_failed_run_that_no_sensor_recorded_gives_its_deliveries_back(
    pipeline: Pipeline, source: Source
):
    pipeline.clock.now = datetime.now(UTC)
    pipeline.world.notes["three"] = "The third note."
    pipeline.world.outage = SourceUnavailable("toy is down")
    deliver(pipeline, source, "a")
    pipeline.launch(asked(pipeline))
    pipeline.world.outage = None
    pipeline.clock.advance(60)
    assert not asked(pipeline)
    pipeline.clock.advance(120)
    assert not asked(pipeline)
    assert pipeline.stores.registry.get(source.source_id).failures_in_a_row == 1

    pipeline.clock.advance(60)
    run(pipeline, asked(pipeline))

    assert states(pipeline) == {"a": "done"}


def test_a_run_that_will_be_repeated_keeps_its_deliveries(pipeline: Pipeline, source: Source):
    pipeline.world.notes["three"] = "The third note."
    pipeline.world.outage = SourceUnavailable("killed")
    deliver(pipeline, source, "a")
    (request,) = asked(pipeline)
    (failed,) = pipeline.launch([request])
    pipeline.instance.add_run_tags(failed.run_id, {tags.WILL_RETRY: "true"})
    record_outcome(pipeline.stores, pipeline.instance, failed.run_id)
    assert not asked(pipeline)
    pipeline.world.outage = None
    repeat = {**request.tags, tags.RUN_KEY: request.run_key or "", tags.PARENT: failed.run_id}
    pipeline.run(marks=repeat, config=request.run_config, selection=request.asset_selection)

    assert only(pipeline).state == "done"


def test_deliveries_of_a_cancelled_run_are_not_forced_on_the_operator(
    pipeline: Pipeline, source: Source
):
    deliver(pipeline, source, "a")
    (request,) = asked(pipeline)
    marks = {**request.tags, tags.RUN_KEY: request.run_key or ""}
    pipeline.instance.report_run_canceled(pipeline.pretend_running("team", marks))

    assert not asked(pipeline)
    assert (only(pipeline).state, only(pipeline).reason) == ("failed", CANCELLED)
    cursor = pipeline.stores.cursors.get(source.source_id, "notes")
    assert cursor.sweep_due_at == pipeline.clock()
    replayed = pipeline.stores.inbox.replay([only(pipeline).number])
    assert len(run(pipeline, asked(pipeline))) == len(replayed) == 1
    assert only(pipeline).state == "done"


def test_deliveries_wait_as_long_as_a_vendor_asks_and_hold_up_no_other_stream(desk: Desk):
    pipeline = desk.pipeline
    desk.run()
    until = pipeline.clock() + timedelta(hours=1)
    desk.tickets.write("a", "edited")
    desk.tickets.limited = RateLimited("slow down", retry_at=until)
    deliver(pipeline, desk.source, "a", ["tickets"])
    run(pipeline, asked(pipeline))
    deliver(pipeline, desk.source, "b", ["replies"])
    run(pipeline, asked(pipeline))

    assert states(pipeline) == {"a": "received", "b": "done"}
    assert not asked(pipeline)
    desk.tickets.limited = None
    pipeline.clock.advance(3601)
    run(pipeline, asked(pipeline))
    assert states(pipeline) == {"a": "done", "b": "done"}
    assert desk.tickets.fetched[-1] == "a"


def test_a_vendor_that_asks_to_wait_uses_up_no_attempt(desk: Desk):
    pipeline = desk.pipeline
    pipeline.clock.now = datetime.now(UTC)
    desk.run()
    deliver(pipeline, desk.source, "a", ["tickets"])
    keys: set[str | None] = set()
    for _ in range(2):
        until = pipeline.clock() + timedelta(minutes=1)
        desk.tickets.limited = RateLimited("slow down", retry_at=until)
        (lost,), (request,) = asked(pipeline), asked(pipeline)  # the first tick dies
        assert lost.run_key == request.run_key
        keys.add(request.run_key)
        assert run(pipeline, [request])
        assert not asked(pipeline)
        pipeline.clock.advance(61)
    assert len(keys) == 2
    assert (only(pipeline).state, only(pipeline).attempts) == ("received", 0)

    desk.tickets.limited = SourceUnavailable("it is down")
    run(pipeline, asked(pipeline))
    desk.tickets.limited = None
    pipeline.clock.advance(600)
    run(pipeline, asked(pipeline))

    assert (only(pipeline).state, only(pipeline).attempts) == ("done", 1)


def test_a_retry_that_was_told_nothing_ends_no_delivery_of_a_run_that_had_to_wait(desk: Desk):
    pipeline = desk.pipeline
    desk.run()
    desk.tickets.write_silently("a", "edited, and no feed shows it")
    until = pipeline.clock() + timedelta(hours=1)
    desk.tickets.limited = RateLimited("slow down", retry_at=until)
    deliver(pipeline, desk.source, "a", ["tickets"], hints={"ticket": "a"})
    run(pipeline, asked(pipeline))
    desk.tickets.limited = None
    pipeline.clock.advance(3601)
    desk.tickets.fetched.clear()
    desk.run()  # before the sensor has looked

    run(pipeline, asked(pipeline))

    assert states(pipeline) == {"a": "done"}
    assert desk.tickets.fetched == ["a"]


def test_what_no_feed_shows_and_was_told_in_a_pause_is_found_after_it(desk: Desk):
    registry, source_id = desk.pipeline.stores.registry, desk.source.source_id
    desk.run()
    desk.tickets.write_silently("a", "edited, and no feed shows it")
    registry.pause(source_id)
    deliver(desk.pipeline, desk.source, "1", ["tickets"], hints={"ticket": "a"})
    assert not asked(desk.pipeline)
    registry.resume(source_id)

    desk.run()

    assert states(desk.pipeline) == {"1": "ignored"}
    assert (desk.tickets.fetched[-1], desk.tickets.sweeps, desk.replies.sweeps) == ("a", 2, 1)


@pytest.mark.parametrize("status", ["paused", "removing"])
def test_deliveries_of_a_source_that_rests_are_ignored(
    pipeline: Pipeline, source: Source, status: str
):
    deliver(pipeline, source, "a")
    if status == "paused":
        pipeline.stores.registry.pause(source.source_id)
    else:
        pipeline.stores.registry.mark_removing(source.source_id)

    assert not asked(pipeline)
    assert (only(pipeline).state, only(pipeline).reason) == ("ignored", f"the source is {status}")


def test_deliveries_of_a_stream_that_the_source_lacks_are_ignored(desk: Desk):
    desk.pipeline.stores.registry.edit(desk.source.source_id, settings={"replies": False})
    deliver(desk.pipeline, desk.source, "a", ["replies"])

    assert not asked(desk.pipeline)
    assert only(desk.pipeline).reason == "the source has no replies"


def test_one_source_that_cannot_run_holds_up_no_other(pipeline: Pipeline, source: Source):
    odd = pipeline.stores.registry.add("toy", "a...b", {}, "* * * * *")
    deliver(pipeline, odd, "odd")
    deliver(pipeline, source, "good")

    assert [request.partition_key for request in asked(pipeline)] == ["team"]
    assert states(pipeline)["odd"] == "ignored"


def test_old_deliveries_are_forgotten_after_the_days_that_are_set(
    pipeline: Pipeline, source: Source
):
    deliver(pipeline, source, "a")
    run(pipeline, asked(pipeline))
    days = timedelta(days=pipeline.given.settings.delivery_days)
    pipeline.clock.advance(days.total_seconds() - 1)
    asked(pipeline)
    assert states(pipeline) == {"a": "done"}

    pipeline.clock.advance(2)
    asked(pipeline)
    assert states(pipeline) == {}


def test_a_source_that_is_gone_is_in_error_with_what_the_webhook_said(
    pipeline: Pipeline, source: Source
):
    pipeline.world.notes["three"] = "The third note."
    pipeline.world.outage = SourceGone("toy/team is not to be seen")
    deliver(pipeline, source, "a", ends="Toy says that the team was deleted")
    run(pipeline, asked(pipeline))

    told = pipeline.stores.registry.get(source.source_id).last_error
    assert told == "Toy says that the team was deleted: toy/team is not to be seen"
