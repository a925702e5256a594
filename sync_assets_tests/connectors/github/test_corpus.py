"""A real tracker of 243 issues and pull requests, whole in the index."""

from collections.abc import Generator

import lancedb
import pytest

from sync_assets_tests.connectors.github.corpus import load_corpus
from sync_assets_tests.connectors.github.desk import Desk, open_desk


@pytest.fixture(scope="module")
def planted() -> dict[str, int]:
    """Filled by `desk`."""
    return {}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, planted: dict[str, int]) -> Generator[Desk]:
    """Synced once; the tests only look, or put back what they break."""
    with open_desk(tmp_path_factory.mktemp("corpus")) as desk:
        planted |= load_corpus(desk.tracker)
        desk.sync("full")
        yield desk


def test_every_item_is_a_document_and_all_that_was_said_stands_in_it(desk: Desk):
    assert desk.differences() == []


def test_every_planted_word_is_found_in_its_document_and_nowhere_else(
    desk: Desk, planted: dict[str, int]
):
    table = lancedb.connect(desk.stores.settings.index_uri).open_table("chunks").to_arrow()
    found: dict[str, set[str]] = {}
    keys = {
        row["document_id"]: row["key"]
        for row in lancedb.connect(desk.stores.settings.index_uri)
        .open_table("documents").to_arrow().to_pylist()
    }  # fmt: skip
    for document, text in zip(
        table["document_id"].to_pylist(), table["text"].to_pylist(), strict=True
    ):
        for word in str(text).split():
            if word.startswith("planted"):
                found.setdefault(word, set()).add(keys[document])

    assert len(keys) == 243
    assert found == {word: {f"#{number}"} for word, number in planted.items()}


def test_verify_finds_no_difference(desk: Desk):
    assert [(each.equal, each.differences) for each in desk.verify()] == [(True, []), (True, [])]


@pytest.mark.parametrize("damage", ["a comment", "a state", "an item", "a label", "a review"])
def test_the_oracle_sees_what_the_index_does_not_know_yet(desk: Desk, damage: str):
    issue = next(item for item in desk.tracker.items.values() if item.pull is None)
    pull = next(item for item in desk.tracker.items.values() if item.pull and item.pull.reviews)
    assert pull.pull
    if damage == "a comment":
        desk.tracker.comment(issue.number, "one more")
        undo = issue.comments.pop
    elif damage == "a state":
        closed, issue.closed_at = issue.closed_at, None
        undo = lambda: setattr(issue, "closed_at", closed)  # noqa: E731 - as short as the others
    elif damage == "an item":
        del desk.tracker.items[issue.number]
        undo = lambda: desk.tracker.items.update({issue.number: issue})  # noqa: E731
    elif damage == "a label":
        labels, issue.labels = issue.labels, [desk.tracker.labels["bug"]]
        undo = lambda: setattr(issue, "labels", labels)  # noqa: E731
    else:
        body, pull.pull.reviews[0].body = pull.pull.reviews[0].body, "planted0"
        review = pull.pull.reviews[0]
        undo = lambda: setattr(review, "body", body)  # noqa: E731
    try:
        assert desk.differences()
    finally:
        undo()
    assert desk.differences() == []
