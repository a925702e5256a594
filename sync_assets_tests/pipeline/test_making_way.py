"""A webhook for a source under a long backfill does not wait for it."""

from datetime import timedelta

import pytest

from sync_assets.pipeline import tags
from sync_assets.search import search
from sync_assets.settings import Settings
from sync_assets_tests.pipeline.conftest import Desk
from sync_assets_tests.pipeline.deliveries import asked, deliver, run, states

TICKETS, SECONDS = 450, 20
"""In batches of five, so many seconds each: half an hour."""
BACKFILL = {tags.TRIGGER: "backfill", tags.BACKFILL: "abcdefgh"}
WORDS = "the turbine stands still"


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("home")
    # The clock leaps, and nobody renews a lease meanwhile.
    return Settings(
        home=home, embedder="hash", batch_documents=5, batches_in_flight=1, lease_seconds=7200
    )


@pytest.fixture
def slow(desk: Desk) -> Desk:
    """Half an hour of tickets."""
    for number in range(TICKETS):
        desk.tickets.write(f"t{number}", f"ticket number {number}")
    desk.tickets.while_fetching = lambda: desk.pipeline.clock.advance(SECONDS)
    return desk


@pytest.mark.parametrize("hints", [{}, {"ticket": "t449"}], ids=["feed", "hint"])
def test_a_webhook_under_a_thirty_minute_backfill_is_searchable_within_two_minutes(
    slow: Desk, hints: dict[str, str]
):
    pipeline, clock, tickets = slow.pipeline, slow.pipeline.clock, slow.tickets
    begun = clock()

    def told_in_the_middle() -> None:
        clock.advance(SECONDS)
        if not states(pipeline) and clock() - begun > timedelta(minutes=5):
            tickets.write("t449", WORDS)
            deliver(pipeline, slow.source, "a", ["tickets"], hints=hints)

    tickets.while_fetching = told_in_the_middle
    backfill = slow.run(marks=BACKFILL, full=True)
    assert backfill.success
    (delivery,) = pipeline.stores.inbox.newest()
    assert clock() - delivery.received_at <= timedelta(seconds=60)
    assert not search(pipeline.stores, "turbine", mode="text").hits

    run(pipeline, asked(pipeline))

    assert states(pipeline) == {"a": "done"}
    assert pipeline.stores.inbox.lags()[slow.source.source_id] <= 120
    assert [hit.text for hit in search(pipeline.stores, "turbine", mode="text").hits] == [WORDS]
    assert clock() - begun < timedelta(minutes=10)

    (rest,) = slow.due("registry_sync")
    assert rest.tags[tags.TRIGGER] == "backfill"
    tickets.while_fetching = None
    run(pipeline, [rest])
    assert not slow.due("registry_sync")
    assert len({*tickets.fetched}) == TICKETS + 2
    assert len(tickets.fetched) <= TICKETS + 5  # none but what was told is fetched twice
    chunks = pipeline.stores.reader.chunks_stored(slow.source.source_id, "tickets")
    assert len(chunks) == TICKETS + 2


def test_what_is_left_waits_while_deliveries_do(slow: Desk):
    pipeline = slow.pipeline
    deliver(pipeline, slow.source, "a", ["tickets"])
    slow.run(marks=BACKFILL, full=True)
    assert not slow.due("registry_sync")
    requests = asked(pipeline)
    assert not slow.due("registry_sync")
    run(pipeline, requests)

    (rest,) = slow.due("registry_sync")
    assert int(rest.tags[tags.PRIORITY]) < int(requests[0].tags[tags.PRIORITY])


def test_deliveries_that_have_to_wait_themselves_interrupt_nobody(slow: Desk):
    pipeline = slow.pipeline
    later = pipeline.clock() + timedelta(hours=2)
    pipeline.stores.cursors.set_deferred(slow.source.source_id, "replies", later, "it asks so")
    deliver(pipeline, slow.source, "a", ["replies"])

    slow.run(marks=BACKFILL, full=True)

    assert len(slow.tickets.fetched) == TICKETS + 2
    assert not slow.due("registry_sync")


def test_a_run_of_webhooks_makes_way_for_no_other(slow: Desk):
    pipeline = slow.pipeline
    deliver(pipeline, slow.source, "a", ["tickets"])
    requests = asked(pipeline)
    deliver(pipeline, slow.source, "b", ["tickets"])
    run(pipeline, requests)

    assert states(pipeline) == {"a": "done", "b": "received"}
    assert len(slow.tickets.fetched) == TICKETS + 2
