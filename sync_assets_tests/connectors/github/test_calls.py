"""What syncs of a tracker cost, in calls; see docs/benchmarks.md."""

from collections.abc import Generator
from pathlib import Path

import pytest

from benchmarks.tracker import full_sync_calls
from sync_assets.sandbox.github.records import Inline
from sync_assets_tests.connectors.github.corpus import load_corpus
from sync_assets_tests.connectors.github.desk import STREAMS, Desk, open_desk

NO_OP = ["Changes", "issue-comments", "pull-comments"]


@pytest.fixture
def desk(tmp_path: Path) -> Generator[Desk]:
    """A tracker of forty items, synced twice: what the first sync saw is no change any more."""
    with open_desk(tmp_path) as desk:
        load_corpus(desk.tracker, some=20)
        desk.sync("full")
        desk.clock.advance(300)
        desk.sync()
        yield desk


def test_where_nothing_changed_both_streams_together_take_three_calls(desk: Desk):
    desk.sync()

    assert desk.asked() == NO_OP


def test_streams_whose_watermarks_stand_apart_are_looked_at_once_and_nothing_is_missed(
    tmp_path: Path,
):
    with open_desk(tmp_path) as desk:
        issue = desk.tracker.open_issue("The cart forgets", "planted1")
        pull = desk.tracker.open_pull("Remember the cart", "planted2")
        for stream in STREAMS:  # a first sync takes its time
            desk.sync("full", [stream])
            desk.clock.advance(400)
        desk.tracker.comment(issue.number, "planted3")
        desk.tracker.comment(pull.number, "planted4")

        desk.sync()

        assert desk.asked() == [*NO_OP, "Probe", "Items", "Items"]
        assert desk.differences() == []
        first, second = desk.stores.cursors.all()
        assert first.watermark == second.watermark


def test_a_new_comment_takes_two_calls_more_and_is_not_read_again(desk: Desk):
    number = next(iter(desk.tracker.items))
    desk.tracker.comment(number, "one more")
    reports = desk.sync()
    changed = desk.asked()
    desk.sync()

    assert changed == [*NO_OP, "Probe", "Items"]
    assert sum(each.documents.fetched for each in reports.values() if each.documents) == 1
    assert desk.asked() in (NO_OP, [*NO_OP, "Probe"])
    assert desk.differences() == []


def test_one_changed_item_takes_at_most_five_calls_more(desk: Desk):
    number = next(item.number for item in desk.tracker.items.values() if item.pull)
    desk.tracker.review(number, "well", inline=[Inline("a.py", 1, f"see {n}") for n in range(9)])
    desk.tracker.comment(number, "more")
    desk.tracker.edit(number, title="Another title")
    desk.sync()

    assert len(desk.asked()) <= 3 + 5
    assert desk.differences() == []


def test_no_query_of_a_full_sync_takes_thirty_points_or_more(desk: Desk):
    desk.sync("full")

    assert {each.cost for each in desk.sandbox.requests if each.service} <= set(range(1, 30))


def test_a_first_sync_takes_the_calls_that_page_arithmetic_gives_and_two_more(tmp_path: Path):
    with open_desk(tmp_path) as desk:
        load_corpus(desk.tracker)
        kinds = [item.pull is None for item in desk.tracker.items.values()]
        desk.sync("full")

        expected = full_sync_calls(kinds.count(True), kinds.count(False))
        assert expected == 2 + 3 + 3 + 6
        assert len(desk.asked()) <= expected + 2


def test_calls_do_not_grow_with_the_tracker_where_nothing_changed(tmp_path: Path):
    with open_desk(tmp_path) as desk:
        for number in range(1, 301):
            desk.tracker.open_issue(f"Issue {number}", f"planted{number}")
        desk.sync("full")
        whole = len(desk.asked())
        desk.clock.advance(300)
        desk.sync()
        desk.sync()

        assert whole <= full_sync_calls(300, 0) + 2
        assert len(desk.asked()) == 3
