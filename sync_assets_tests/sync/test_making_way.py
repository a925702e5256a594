"""A long sync makes way, what is urgent is brought in, and the rest follows: all of it, once."""

from collections.abc import Callable
from typing import Any

import pytest

from sync_assets.connectors.base import Connector, Stream
from sync_assets.models import SyncMode, SyncReport
from sync_assets.settings import Settings
from sync_assets.sync.engine import StreamSync, sync_stream
from sync_assets.sync.joining import BACKLOG
from sync_assets_tests.toy import NOTES, Toy, ToyConnector
from sync_assets_tests.toy_feed import TICKETS, FeedToy, TrackerConnector

MANY = BACKLOG + 60


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("home")
    return Settings(home=home, embedder="hash", batch_documents=20, batches_in_flight=1)


def after(looks: int) -> Callable[[], bool]:
    """Something more urgent waits after so many checkpoints."""
    left = looks

    def asked() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    return asked


def sync(
    toy: Toy | FeedToy,
    *hints: str,
    mode: SyncMode = "incremental",
    **how: Any,  # noqa: ANN401 - passed on
) -> SyncReport:
    """With `make_way` or `urgent`."""
    connector: Connector
    stream: Stream
    if isinstance(toy, Toy):
        connector, stream = ToyConnector(toy.world), NOTES
    else:
        connector, stream = TrackerConnector(toy.world), TICKETS
    one = StreamSync(toy.stores, toy.source, connector, stream, **how)
    return sync_stream(one, mode, [{"ticket": name} for name in hints])


def fill(toy: Toy | FeedToy) -> None:
    for number in range(MANY):
        if isinstance(toy, Toy):
            toy.world.notes[f"n{number:03}"] = f"note number {number}"
        else:
            toy.world.write(f"n{number:03}", f"ticket number {number}")


def edit(toy: Toy | FeedToy, name: str, text: str) -> None:
    if isinstance(toy, Toy):
        toy.world.notes[name] = text
    else:
        toy.world.write(name, text)


def indexed(toy: Toy | FeedToy) -> int:
    stream = NOTES if isinstance(toy, Toy) else TICKETS
    return len(toy.stores.reader.chunks_stored(toy.source.source_id, stream.name))


@pytest.fixture(params=["toy", "tracker"])
def vendor(request: pytest.FixtureRequest) -> Toy | FeedToy:
    """One whose listings cost nothing, as git's; and one behind an API."""
    found: Toy | FeedToy = request.getfixturevalue(request.param)
    fill(found)
    return found


def test_a_sync_that_makes_way_keeps_what_it_fetched_and_the_next_goes_on(vendor: Toy | FeedToy):
    report = sync(vendor, make_way=after(3))

    assert report.documents is not None
    assert report.documents.made_way
    assert 0 < report.documents.fetched < MANY
    assert report.index is None
    before = len(vendor.world.fetched)
    sync(vendor)
    assert vendor.differences() == []
    assert before > 0
    assert len(vendor.world.fetched) == len({*vendor.world.fetched})


def test_what_changes_meanwhile_is_brought_in_alone(vendor: Toy | FeedToy):
    sync(vendor, make_way=after(3))
    vendor.world.fetched.clear()
    edit(vendor, f"n{MANY - 1:03}", "the turbine stands still")

    report = sync(vendor, urgent=True)

    assert report.index is not None
    assert (report.index.documents, report.index.left) == (indexed(vendor), True)
    assert f"n{MANY - 1:03}" in vendor.world.fetched
    assert len(vendor.world.fetched) <= 3  # a feed is read with an overlap
    sync(vendor)
    assert vendor.differences() == []


def test_what_webhooks_name_is_brought_in_alone(tracker: FeedToy):
    fill(tracker)
    sync(tracker, make_way=after(3))
    tracker.world.fetched.clear()
    edit(tracker, "n255", "the turbine stands still")

    sync(tracker, "n255", urgent=True)

    assert tracker.world.fetched == ["n255"]
    assert indexed(tracker) == 1
    assert tracker.world.feeds == 0
    sync(tracker)
    assert tracker.differences() == []
    assert tracker.stores.cursors.get(*tracker.key).verified_at == tracker.clock()


def test_an_urgent_sync_that_was_killed_is_still_urgent_when_it_is_repeated(
    vendor: Toy | FeedToy,
):
    sync(vendor, make_way=after(3))
    edit(vendor, f"n{MANY - 1:03}", "the turbine stands still")
    connector = (
        ToyConnector(vendor.world) if isinstance(vendor, Toy) else TrackerConnector(vendor.world)
    )
    stream = connector.streams[0]
    StreamSync(vendor.stores, vendor.source, connector, stream, urgent=True).list("incremental")
    vendor.world.fetched.clear()

    sync(vendor, urgent=True)

    assert f"n{MANY - 1:03}" in vendor.world.fetched
    assert 1 <= indexed(vendor) <= 3
    sync(vendor)
    assert vendor.differences() == []


def test_indexing_makes_way_too_and_the_next_sync_embeds_what_is_left(vendor: Toy | FeedToy):
    enough = MANY // 20 + 6
    report = sync(vendor, make_way=after(enough))

    assert report.index is not None
    assert report.index.made_way
    assert 0 < indexed(vendor) < MANY
    sync(vendor)
    assert vendor.differences() == []


def test_an_urgent_sync_of_a_small_backlog_brings_in_all_of_it(tracker: FeedToy):
    tracker.step("list")
    tracker.world.write("b", "blue fish")

    report = sync(tracker, urgent=True)

    assert report.index is not None
    assert not report.index.left
    assert tracker.differences() == []


def test_one_that_is_gone_meanwhile_is_deleted_and_not_brought_back(tracker: FeedToy):
    fill(tracker)
    sync(tracker, make_way=after(3))
    tracker.world.delete("n000", with_tombstone=True)

    sync(tracker, "n000", urgent=True)
    sync(tracker)

    assert tracker.differences() == []


@pytest.mark.parametrize("name", ["toy", "tracker"])
def test_a_full_sync_that_made_way_before_it_listed_is_full_when_it_goes_on(
    name: str, request: pytest.FixtureRequest
):
    vendor: Toy | FeedToy = request.getfixturevalue(name)
    edit(vendor, "n1", "a note")
    sync(vendor)
    assert sync(vendor, mode="full", make_way=after(0)).listing.made_way

    next_one, after_that = sync(vendor).listing, sync(vendor).listing
    assert (next_one.complete, next_one.unchanged) == (True, False)
    assert after_that.unchanged


def test_a_later_listing_takes_the_place_of_the_one_that_made_way(vendor: Toy | FeedToy):
    sync(vendor, make_way=after(3))
    edit(vendor, "n000", "the turbine stands still")

    vendor.step("list")
    vendor.step("documents")
    vendor.step("index")

    assert vendor.differences() == []
