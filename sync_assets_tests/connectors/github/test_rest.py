"""Where GraphQL is not allowed: the same documents by REST, changes and deletions found as well."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from sync_assets import sources
from sync_assets.errors import UnexpectedPayload
from sync_assets.models import Document
from sync_assets.sandbox.faults import Answer
from sync_assets.sandbox.github.records import Inline
from sync_assets_tests.connectors.github.corpus import load_corpus
from sync_assets_tests.connectors.github.desk import STREAMS, Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Generator[Desk]:
    """Twenty-four items of a real tracker, synced by GraphQL."""
    with open_desk(tmp_path) as desk:
        load_corpus(desk.tracker, some=12)
        desk.tracker.open_pull("Mend it", f"Fixes #{next(iter(desk.tracker.items))}.")
        desk.sync("full")
        desk.clock.advance(300)
        yield desk


def documents(desk: Desk, *, graphql: bool) -> list[Document]:
    """What is read of each item, but for which API told."""
    source, stores, found = desk.source, desk.stores, list[Document]()
    source.settings["graphql"] = graphql
    with desk.connector.open(source, STREAMS, stores.settings, stores.http) as sessions:
        for session in sessions.values():
            listing = session.list(None)
            for document in session.fetch(listing.entries, listing.watermark):
                assert isinstance(document, Document)
                told_by = document.metadata["read_by"]
                assert told_by == ("graphql" if graphql else "rest")
                same = {**document.metadata, "read_by": ""}
                found.append(replace(document, version="", metadata=same))
    return sorted(found, key=lambda each: each.key)


def without_graphql(desk: Desk) -> None:
    sources.edit(desk.stores.registry, desk.source_id, options={"graphql": False})


def test_documents_by_rest_are_those_by_graphql(desk: Desk):
    for item in desk.tracker.items.values():
        if item.pull:
            item.pull.merge_oid = None  # not in the repository, where GraphQL would look for it

    by_graphql, by_rest = documents(desk, graphql=True), documents(desk, graphql=False)

    assert by_rest == by_graphql
    assert len(by_rest) == 25


def test_source_that_changes_to_rest_embeds_nothing_anew(desk: Desk):
    without_graphql(desk)

    reports = desk.sync("full")

    assert sum(each.index.texts_embedded for each in reports.values() if each.index) == 0
    assert desk.differences() == []


def test_changes_are_found_by_rest_and_deletions_by_its_sweep(desk: Desk):
    without_graphql(desk)
    desk.sync("full")
    desk.clock.advance(300)
    tracker = desk.tracker
    issue, other, *_ = [item.number for item in tracker.items.values() if item.pull is None]
    pull = next(item for item in tracker.items.values() if item.pull and item.comments)
    tracker.comment(issue, "planted900001")
    tracker.review(pull.number, "planted900002", inline=[Inline("a.py", 1, "planted900003")])
    tracker.close(other)

    desk.sync()

    assert desk.differences() == []
    desk.clock.advance(300)
    tracker.delete(issue)
    tracker.delete_comment(pull.comments[0])
    desk.sync("full")
    assert desk.differences() == []
    assert [each.differences for each in desk.verify()] == [[], []]


def test_answer_of_another_shape_is_not_taken_for_an_empty_list(desk: Desk):
    without_graphql(desk)
    desk.sync("full")
    issue = next(each.number for each in desk.tracker.items.values() if each.pull is None)
    desk.clock.advance(300)
    desk.tracker.comment(issue, "planted900001")
    empty = Answer(200, "{}", {"content-type": "application/json"})
    desk.sandbox.faults.add(empty, service="comments-of-issue", times=2)
    with pytest.raises(UnexpectedPayload, match=f"/issues/{issue}/comments: the body: Input shou"):
        desk.sync()
    desk.sandbox.faults.clear()
    desk.clock.advance(300)

    desk.sync()

    assert desk.differences() == []


def test_where_nothing_changed_rest_takes_four_calls(desk: Desk):
    without_graphql(desk)
    desk.sync("full")
    desk.clock.advance(300)
    desk.sync()

    reports = desk.sync()

    assert all(each.listing.unchanged for each in reports.values())
    assert len(desk.asked()) <= 4
