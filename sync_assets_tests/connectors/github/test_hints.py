"""Issues and pull requests that webhooks named: these are read, by one probe, and nothing else."""

from collections.abc import Generator
from pathlib import Path

import pytest

from sync_assets.connectors.base import Hint
from sync_assets.connectors.github.hints import MOST, items_named
from sync_assets_tests.connectors.github.desk import Desk, open_desk


@pytest.fixture(params=[True, False], ids=["graphql", "rest"])
def desk(tmp_path: Path, request: pytest.FixtureRequest) -> Generator[Desk]:
    with open_desk(tmp_path, settings={"graphql": request.param}) as desk:
        for number in range(2):
            desk.tracker.open_issue(f"Issue {number}", "It does not work")
            desk.tracker.open_pull(f"Pull {number}", "It works now")
        desk.sync("full")
        desk.clock.advance(300)
        desk.sync()
        yield desk


def hint(desk: Desk, number: int, *, gone: bool = False) -> Hint:
    facts: Hint = {"number": number, "node_id": desk.tracker.items[number].node_id}
    return {**facts, "gone": True} if gone else facts


def test_a_comment_is_found_without_asking_a_feed(desk: Desk):
    issue = min(number for number, item in desk.tracker.items.items() if item.pull is None)
    desk.tracker.comment(issue, "the turbine stands still")

    report = desk.read_again("issues", hint(desk, issue))

    assert not {"Changes", "issue-comments", "pull-comments"}.intersection(desk.asked())
    assert report.documents is not None
    assert report.documents.fetched == 1
    assert desk.differences() == []


def test_feeds_find_afterwards_what_no_webhook_told(desk: Desk):
    pulls = sorted(number for number, item in desk.tracker.items.items() if item.pull)
    desk.tracker.comment(pulls[0], "told by a webhook")
    desk.tracker.comment(pulls[1], "and this webhook was lost")
    before = desk.stores.cursors.get(desk.source_id, "pull_requests").watermark
    desk.read_again("pull_requests", hint(desk, pulls[0]))
    assert desk.stores.cursors.get(desk.source_id, "pull_requests").watermark == before

    reports = desk.sync()

    assert desk.differences() == []
    assert reports["pull_requests"].documents is not None
    assert reports["pull_requests"].documents.fetched == 1


def test_what_the_webhook_and_the_vendor_call_gone_is_deleted(desk: Desk):
    number = min(desk.tracker.items)
    gone = hint(desk, number, gone=True)
    desk.tracker.delete(number)

    report = desk.read_again("issues", gone)

    assert report.index is not None
    assert report.index.documents_deleted == 1
    assert desk.differences() == []


def test_what_is_only_said_to_be_gone_stays(desk: Desk):
    number = min(desk.tracker.items)

    desk.read_again("issues", hint(desk, number, gone=True))

    assert desk.differences() == []


def test_what_is_not_there_is_left_to_the_feeds_where_nothing_says_gone(desk: Desk):
    number = min(desk.tracker.items)
    told = hint(desk, number)
    desk.tracker.delete(number)

    desk.read_again("issues", told)

    assert {"Changes", "issue-comments"}.intersection(desk.asked())


def test_a_pull_request_is_no_issue_whatever_is_said(desk: Desk):
    number = max(desk.tracker.items)
    assert desk.tracker.items[number].pull is not None

    desk.read_again("issues", hint(desk, number))

    assert desk.differences() == []


def test_hints_name_all_items_or_nothing():
    one: Hint = {"number": 1, "node_id": "I_1"}
    gone: Hint = {"number": 1, "node_id": "I_1", "gone": True}
    many: list[Hint] = [{"number": number, "node_id": "I"} for number in range(MOST + 1)]

    assert items_named([one]) == {1: None}
    assert items_named([gone, one]) == items_named([one, gone]) == {1: "I_1"}
    assert items_named([one, {"node_id": "R_1"}]) is None
    assert items_named([{"number": "1", "node_id": "I_1"}]) is None
    assert items_named(many) is None
