"""Streams behind an API: feeds of changes, sweeps, tombstones, races, waits."""

from datetime import timedelta

import pytest

from sync_assets.errors import RateLimited, SourceUnavailable
from sync_assets.search import search
from sync_assets_tests import oracle
from sync_assets_tests.toy_feed import SWEEP, FeedToy


def cursor(tracker: FeedToy):
    return tracker.stores.cursors.get(*tracker.key)


def test_a_first_sync_sweeps_and_later_ones_read_the_feed(tracker: FeedToy):
    tracker.sync()
    assert tracker.differences() == []
    tracker.world.fetched.clear()
    tracker.world.write("b", "blue fish")
    tracker.world.write("d", "new fish")

    report = tracker.sync()

    assert tracker.differences() == []
    assert not report.listing.complete
    assert set(tracker.world.fetched) == {"b", "d"}
    assert (tracker.world.sweeps, tracker.world.feeds) == (1, 1)


def test_a_feed_that_repeats_what_is_known_is_no_change_and_writes_nothing(tracker: FeedToy):
    tracker.sync()
    before = tracker.versions()
    tracker.world.fetched.clear()

    report = tracker.sync()

    assert report.listing.unchanged
    assert report.listing.listed == 1  # the overlap
    assert tracker.versions() == before
    assert tracker.world.fetched == []


def test_a_no_op_moves_the_watermark_and_the_time_of_verification(tracker: FeedToy):
    tracker.sync()
    swept_at = cursor(tracker).swept_at
    tracker.clock.advance(600)
    tracker.world.tick += 5

    tracker.sync()

    assert cursor(tracker).watermark == cursor(tracker).listed_watermark == "8"
    assert cursor(tracker).verified_at == tracker.clock()
    assert cursor(tracker).swept_at == swept_at


def test_a_changes_listing_deletes_nothing_that_it_does_not_name(tracker: FeedToy):
    tracker.sync()
    tracker.world.delete("a", with_tombstone=False)
    tracker.world.write("b", "blue fish")

    tracker.sync()

    assert tracker.differences() == ["a.txt: extra"]
    tracker.sync("full")
    assert tracker.differences() == []


def test_a_tombstone_deletes_at_once_even_the_last_document(tracker: FeedToy):
    tracker.sync()
    for name in ("a", "b", "c"):
        tracker.world.delete(name, with_tombstone=True)

    report = tracker.sync()

    assert report.index is not None
    assert (report.index.documents_deleted, report.index.documents_held) == (3, 0)
    assert tracker.differences() == []
    assert oracle.rows(tracker.stores.settings.index_uri, "listings", "tracker:desk") == []
    assert tracker.sync().listing.unchanged


def test_a_sweep_that_lost_everything_is_held_while_the_feed_goes_on(tracker: FeedToy):
    tracker.sync()
    for name in ("a", "b", "c"):
        tracker.world.delete(name, with_tombstone=False)
    tracker.sync("full")
    (held,) = tracker.stores.approvals.all(state="held")
    tracker.world.write("d", "new fish")

    tracker.sync()
    assert tracker.differences() == ["a.txt: extra", "b.txt: extra", "c.txt: extra"]
    tracker.stores.approvals.approve(held.approval_id)
    tracker.sync()

    assert tracker.differences() == []
    assert tracker.world.sweeps == 2


def test_a_sweep_comes_due_by_itself_and_finds_what_no_feed_shows(tracker: FeedToy):
    tracker.sync()
    tracker.world.write_silently("a", "edited without a trace")
    assert tracker.sync().listing.unchanged
    tracker.clock.advance(SWEEP.total_seconds())

    report = tracker.sync()

    assert report.listing.complete
    assert tracker.differences() == []
    assert cursor(tracker).swept_at == tracker.clock()


def test_a_hit_is_of_unknown_freshness_when_two_sweeps_are_missed(tracker: FeedToy):
    tracker.sync()
    tracker.clock.advance(600)
    tracker.sync()
    (fresh,) = search(tracker.stores, "one", mode="text").hits
    tracker.world.limited = RateLimited("no", retry_at=tracker.clock() + timedelta(days=9))
    tracker.clock.advance(2 * SWEEP.total_seconds())
    tracker.stores.cursors.set_verified(*tracker.key, tracker.clock())
    (late,) = search(tracker.stores, "one", mode="text").hits

    assert (fresh.stale, late.stale) == ("false", "unknown")
    assert (late.stale_because or "").startswith("no complete listing has confirmed it since")


def test_the_listing_of_an_api_is_kept_so_that_another_process_calls_nobody(tracker: FeedToy):
    tracker.step("list")
    tracker.step("documents")
    calls = len(tracker.world.sizes)
    tracker.step("index")

    assert len(tracker.world.sizes) == calls
    assert tracker.world.sweeps == 1
    assert tracker.differences() == []
    assert tracker.stores.cursors.pending(*tracker.key) is None


@pytest.mark.parametrize("steps", [["list"], ["list", "documents"]])
def test_a_sync_that_died_continues_its_sweep_with_what_changed_since(
    tracker: FeedToy, steps: list[str]
):
    for step in steps:
        tracker.step(step)  # pyright: ignore[reportArgumentType] - names of steps
    tracker.world.write("b", "blue fish")
    tracker.world.delete("a", with_tombstone=True)

    tracker.sync()

    assert tracker.world.sweeps == 1
    assert tracker.differences() == []
    assert cursor(tracker).swept_at is not None


def test_a_document_that_changes_between_list_and_fetch_is_taken_as_it_was_read(tracker: FeedToy):
    tracker.world.races = [lambda: None, lambda: tracker.world.write("a", "newer")]

    report = tracker.sync()

    assert report.index is not None
    assert report.index.failures == 0
    assert tracker.differences() == []
    assert cursor(tracker).watermark == "3"
    assert tracker.sync().listing.unchanged  # the feed shows a version that is stored already


def test_a_document_that_vanishes_between_list_and_fetch_is_no_failure(tracker: FeedToy):
    tracker.world.races = [
        lambda: None,
        lambda: tracker.world.delete("a", with_tombstone=True),
    ]

    report = tracker.sync()

    assert report.documents is not None
    assert (report.documents.gone, report.documents.failed) == (1, 0)
    assert tracker.stores.failures.list() == ()
    assert tracker.differences() == []


def test_a_stored_document_that_fetching_does_not_find_stays_until_a_sweep_says_so(
    tracker: FeedToy,
):
    tracker.sync()
    verified_at = cursor(tracker).verified_at
    tracker.clock.advance(60)
    tracker.world.write("a", "changed")
    tracker.world.races = [
        lambda: None,
        lambda: tracker.world.delete("a", with_tombstone=False),
    ]

    tracker.sync()
    assert tracker.differences() == ["a.txt: extra"]
    assert cursor(tracker).verified_at == verified_at

    report = tracker.sync()
    assert report.listing.complete
    assert tracker.differences() == []


def test_a_failed_document_is_tried_again_without_a_sweep_and_holds_the_cursor(tracker: FeedToy):
    tracker.sync()
    tracker.world.write("a", "changed")
    tracker.world.broken = {"a"}
    tracker.sync()
    tracker.world.write("b", "blue fish")
    tracker.sync()
    assert cursor(tracker).watermark == "3"
    assert [failure.key for failure in tracker.stores.failures.list()] == ["a"]

    tracker.world.broken = set()
    tracker.sync()

    assert tracker.differences() == []
    assert tracker.world.sweeps == 1
    assert cursor(tracker).watermark == "5"
    assert tracker.stores.failures.list() == ()


def test_a_failed_document_that_is_deleted_meanwhile_does_not_hold_the_cursor_for_ever(
    tracker: FeedToy,
):
    tracker.sync()
    tracker.world.write("a", "changed")
    tracker.world.broken = {"a"}
    tracker.sync()
    tracker.world.delete("a", with_tombstone=True)
    tracker.world.broken = set()

    tracker.sync()

    assert tracker.stores.failures.list() == ()
    assert tracker.differences() == []
    assert tracker.world.sweeps == 1


def test_changed_settings_are_swept_for(tracker: FeedToy):
    tracker.sync()
    tracker.stores.registry.edit(tracker.source.source_id, settings={"replies": False})

    assert tracker.sync().listing.complete


def test_a_lost_index_folder_is_swept_anew(tracker: FeedToy):
    tracker.sync()
    oracle.remove_index(tracker.stores.settings.index_uri)

    tracker.sync()

    assert tracker.differences() == []


def test_verify_sweeps_and_is_equal_though_the_source_moves_under_it(tracker: FeedToy):
    tracker.sync()
    assert tracker.verify().equal
    tracker.world.write_silently("a", "edited without a trace")

    found = {each.kind for each in tracker.verify().differences}
    assert found == {"stale_document", "listing_row"}
    assert tracker.verify(repair=True).equal
    assert tracker.differences() == []


def limited(tracker: FeedToy, calls: int = 0) -> RateLimited:
    error = RateLimited("5000 of 5000 points are used", retry_at=tracker.clock.now + HOUR)
    tracker.world.limited, tracker.world.limited_after = error, calls
    return error


HOUR = timedelta(hours=1)


def test_a_rate_limited_listing_ends_the_sync_well_and_nobody_calls_before_the_time(
    tracker: FeedToy,
):
    tracker.sync()
    error = limited(tracker)

    report = tracker.sync()
    assert report.listing.deferred_until == error.retry_at
    assert report.listing.deferred_because == "5000 of 5000 points are used"
    assert report.documents is None

    tracker.world.limited = None
    feeds = tracker.world.feeds
    tracker.clock.advance(3599)
    assert tracker.sync().listing.deferred_until == error.retry_at
    assert tracker.world.feeds == feeds
    tracker.clock.advance(1)
    assert tracker.sync().listing.unchanged
    assert cursor(tracker).deferred_until is None


def test_a_rate_limit_amid_fetching_keeps_what_was_fetched_and_loses_nothing(tracker: FeedToy):
    for number in range(200):
        tracker.world.write(f"t{number:03}", f"text {number}")
    limited(tracker, calls=28)

    report = tracker.sync()

    assert report.documents is not None
    assert 0 < report.documents.fetched < 203
    assert report.documents.deferred_until is not None
    assert report.index is not None
    assert report.index.documents == report.documents.fetched
    assert cursor(tracker).watermark is None

    tracker.world.limited = None
    tracker.clock.advance(3600)
    fetched = len(tracker.world.fetched)
    again = tracker.sync()

    assert tracker.world.sweeps == 1
    assert tracker.differences() == []
    assert again.documents is not None
    assert len(tracker.world.fetched) - fetched == 203 - report.documents.fetched


def test_a_limit_without_a_time_waits_five_minutes(tracker: FeedToy):
    tracker.world.limited = RateLimited("slow down")

    assert tracker.sync().listing.deferred_until == tracker.clock() + timedelta(minutes=5)


def test_an_outage_of_the_feed_changes_nothing(tracker: FeedToy):
    tracker.sync()
    before = cursor(tracker)
    tracker.world.limited = SourceUnavailable("down")

    with pytest.raises(SourceUnavailable):
        tracker.sync()

    assert cursor(tracker) == before


def test_what_was_learned_of_pages_and_batches_is_kept_and_forgotten_when_it_grew_back(
    tracker: FeedToy,
):
    for number in range(40):
        tracker.world.write(f"t{number:02}", f"text {number}")
    tracker.world.too_large = 2
    tracker.sync()
    learned = tracker.stores.learned.get(*tracker.key)
    assert learned["page"] == 2
    assert learned["batch"] <= 4

    tracker.world.too_large = 1_000
    tracker.sync("full")
    tracker.sync("full")
    assert tracker.differences() == []
    assert "page" not in tracker.stores.learned.get(*tracker.key)


def test_a_rate_limit_makes_batches_10_until_they_grew_back(
    tracker: FeedToy,
):
    limited(tracker, calls=1)
    tracker.sync()

    assert tracker.stores.learned.get(*tracker.key) == {"batch": 10}
