"""Syncs of just what webhooks named: feeds, sweeps and what is owed stay what they were."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_assets.connectors.base import Hint
from sync_assets.control.cursors import Cursor
from sync_assets.errors import RateLimited
from sync_assets.freshness import stream_freshness
from sync_assets.settings import Settings
from sync_assets.stores import open_stores
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.toy_feed import FeedToy, Tracker


def cursor(tracker: FeedToy) -> Cursor:
    return tracker.stores.cursors.get(*tracker.key)


def test_only_what_is_named_is_read_and_the_feed_is_not_asked(tracker: FeedToy):
    tracker.sync()
    tracker.world.fetched.clear()
    tracker.world.write("a", "edited")
    tracker.world.write("b", "edited too, and not named")

    tracker.read_again("a")

    assert tracker.world.fetched == ["a"]
    assert tracker.world.feeds == 0
    tracker.sync()
    assert tracker.world.fetched == ["a", "b"]
    assert tracker.differences() == []


def test_the_watermark_and_what_is_verified_stay_where_they_were(tracker: FeedToy):
    tracker.sync()
    before = cursor(tracker)
    tracker.clock.advance(60)
    tracker.world.write("a", "edited")

    tracker.read_again("a")

    after = cursor(tracker)
    assert (after.watermark, after.verified_at, after.swept_at) == (
        before.watermark,
        before.verified_at,
        before.swept_at,
    )
    assert after.proven
    fresh = stream_freshness(tracker.source, after, tracker.clock())
    assert fresh == ("false", None)


def test_a_feed_that_shows_nothing_new_afterwards_verifies_the_whole(tracker: FeedToy):
    tracker.sync()
    tracker.world.write("a", "edited")
    tracker.read_again("a")
    tracker.clock.advance(60)

    assert tracker.sync().listing.unchanged
    assert cursor(tracker).verified_at == tracker.clock()


def test_what_is_named_and_did_not_change_writes_nothing(tracker: FeedToy):
    tracker.sync()
    before = tracker.versions()

    assert tracker.read_again("b").listing.unchanged
    assert tracker.versions() == before


def test_what_the_vendor_calls_gone_is_deleted_at_once(tracker: FeedToy):
    tracker.sync()
    tracker.world.delete("a", with_tombstone=True)

    tracker.read_again("a")

    assert tracker.differences() == []


def test_a_first_sync_is_a_whole_one_whatever_is_named(tracker: FeedToy):
    tracker.read_again("a")

    assert tracker.world.sweeps == 1
    assert tracker.differences() == []


def test_hints_that_name_nothing_are_answered_by_the_feed(tracker: FeedToy):
    tracker.sync()
    tracker.world.write("a", "edited")

    tracker.read_again()

    assert tracker.world.feeds == 1
    assert tracker.differences() == []


@pytest.mark.parametrize("step", ["list", "documents"])
def test_a_killed_run_is_continued_by_whichever_comes_next(tracker: FeedToy, step: str):
    tracker.sync()
    tracker.world.write("a", "edited")
    tracker.read_again_until(step, "a")

    tracker.sync()

    assert tracker.differences() == []
    assert cursor(tracker).verified_at == tracker.clock()


def test_a_stream_that_was_put_off_is_owed_a_look_at_everything(tracker: FeedToy):
    tracker.sync()
    tracker.world.write("a", "edited")
    tracker.world.limited = RateLimited("wait", retry_at=tracker.clock() + timedelta(minutes=1))
    tracker.sync()
    tracker.world.limited = None
    tracker.clock.advance(61)

    tracker.read_again("b")

    assert cursor(tracker).deferred_until is None
    assert tracker.differences() == []


def test_what_is_named_while_a_look_at_everything_is_owed_is_read_too(tracker: FeedToy):
    tracker.sync()
    tracker.world.write("a", "edited")
    tracker.world.limited = RateLimited("wait", retry_at=tracker.clock() + timedelta(minutes=1))
    tracker.read_again("a")
    tracker.world.limited = None
    tracker.clock.advance(61)
    tracker.world.write_silently("b", "edited, and no feed shows it")

    tracker.read_again("b")

    assert tracker.differences() == []


@pytest.mark.parametrize("step", ["list", "documents"])
def test_what_is_named_after_a_killed_run_is_read_too(tracker: FeedToy, step: str):
    tracker.sync()
    tracker.world.write("a", "edited")
    tracker.read_again_until(step, "a")
    tracker.world.write_silently("b", "edited, and no feed shows it")

    tracker.read_again("b")

    assert tracker.differences() == []


@pytest.mark.parametrize("other", [{}, {"repository": "renamed"}])
def test_what_is_named_beside_what_names_nothing_is_read_too(tracker: FeedToy, other: Hint):
    tracker.sync()
    tracker.world.write("a", "edited")
    tracker.world.write_silently("b", "edited, and no feed shows it")

    tracker.read_again("b", besides=[other])

    assert tracker.world.feeds == 1
    assert tracker.differences() == []


def test_more_than_a_vendor_reads_by_name_at_once_is_read_in_parts(tracker: FeedToy):
    names = [f"n{number:02}" for number in range(25)]
    for name in names:
        tracker.world.write(name, name)
    tracker.sync()
    tracker.world.most_named = 20
    for name in names:
        tracker.world.write_silently(name, f"{name} edited, and no feed shows it")

    tracker.read_again(*names, *names)

    assert tracker.world.hinted == 3
    assert tracker.differences() == []


def test_what_is_named_and_put_off_twice_is_found_by_a_complete_listing(tracker: FeedToy):
    tracker.sync()
    tracker.world.write_silently("b", "edited, and no feed shows it")
    for _ in range(2):
        retry_at = tracker.clock() + timedelta(minutes=1)
        tracker.world.limited = RateLimited("wait", retry_at=retry_at)
        tracker.read_again("b")
        tracker.clock.advance(61)
    tracker.world.limited = None

    tracker.read_again("b")

    assert (tracker.world.sweeps, tracker.world.hinted) == (2, 1)
    assert tracker.differences() == []


def test_a_sweep_that_is_due_is_not_put_off_by_hints(tracker: FeedToy):
    tracker.sync()
    tracker.world.write_silently("c", "edited, and no feed shows it")
    tracker.clock.advance(timedelta(days=1).total_seconds())

    tracker.read_again("a")

    assert tracker.differences() == []


def test_a_document_that_fails_stays_owed(tracker: FeedToy):
    tracker.sync()
    tracker.world.write("a", "edited")
    tracker.world.broken = {"a"}
    tracker.read_again("a")
    tracker.world.broken = set()
    tracker.clock.advance(3600)

    tracker.read_again("b")

    assert tracker.differences() == []
    assert not tracker.stores.failures.list(tracker.source.source_id)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from("abcde")),
        st.tuples(st.just("delete"), st.sampled_from("abcde")),
        st.tuples(st.just("hint"), st.sampled_from("abcde")),
        st.tuples(st.just("kill"), st.sampled_from("abcde")),
        st.tuples(st.just("sync"), st.just("")),
    ),
    max_size=12,
)


@settings(max_examples=8, deadline=None)
@given(steps=STEPS)
def test_whatever_is_named_or_killed_one_sync_makes_the_index_equal(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
):
    clock = FakeClock()
    where = Settings(home=tmp_path_factory.mktemp("home"), embedder="hash")
    stores = open_stores(where, clock=clock)
    source = stores.registry.add("tracker", "desk", {}, "*/15 * * * *")
    tracker = FeedToy(stores, source, Tracker(), clock)
    tracker.world.write("a", "one fish")
    tracker.sync()
    for number, (what, name) in enumerate(steps):
        clock.advance(1)
        if what == "write":
            tracker.world.write(name, f"{name} {number}")
        elif what == "delete":
            tracker.world.delete(name, with_tombstone=True)
        elif what == "hint":
            tracker.read_again(name)
        elif what == "kill":
            tracker.read_again_until("documents", name)
        else:
            tracker.sync()

    tracker.sync()

    assert tracker.differences() == []
    assert cursor(tracker).verified_at == clock()
    stores.close()
