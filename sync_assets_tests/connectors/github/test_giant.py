"""A giant pull request takes no more memory than a large one, and says what is left out of it."""

import tracemalloc
from pathlib import Path

import pytest

from sync_assets.models import Document
from sync_assets_tests.connectors.github.desk import Desk, open_desk

WORDS = "Every page of it is read, and only what a document has room for is kept. " * 350
"""25,000 characters; GitHub allows 65,536 a comment."""
MB = 1_000_000


def read(desk: Desk) -> tuple[Document, int]:
    """The one pull request, and the most memory that reading it took, in bytes."""
    source, stores, streams = desk.source, desk.stores, ("pull_requests",)
    with desk.connector.open(source, streams, stores.settings, stores.http) as sessions:
        session = sessions["pull_requests"]
        listing = session.list(None)
        tracemalloc.start()
        try:
            [document] = session.fetch(listing.entries, listing.watermark)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert isinstance(document, Document)
    return document, peak


@pytest.mark.parametrize("graphql", [True, False], ids=["graphql", "rest"])
def test_memory_is_bounded_however_much_is_said_in_a_pull_request(tmp_path: Path, graphql: bool):
    with open_desk(tmp_path, settings={"graphql": graphql}) as desk:
        pull = desk.tracker.open_pull("Talk about it", "Go.")
        for _ in range(200):
            desk.tracker.comment(pull.number, WORDS)
        large, bound = read(desk)
        for _ in range(300):
            desk.tracker.comment(pull.number, WORDS)
        giant, peak = read(desk)

    assert peak < bound + 4 * MB  # a page is 2.5 MB; 7.5 MB more were read
    assert len(giant.text) <= 1.01 * MB
    assert len(giant.text) - len(large.text) < 1_000
    assert "_(461 more comments are not shown: there is too much of this.)_" in giant.text
    assert giant.metadata["comments"] == 500
