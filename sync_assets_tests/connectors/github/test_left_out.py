"""A stream that `sources edit --stream` no longer names: not answered, purged, able to return."""

from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from sync_assets import sources
from sync_assets.errors import LeaseHeld
from sync_assets.search import search
from sync_assets.sync.engine import lease_name
from sync_assets.sync.removal import remove_left_out
from sync_assets_tests import oracle
from sync_assets_tests.connectors.github.desk import STREAMS, Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Generator[Desk]:
    """An issue and the pull request that closes it, synced."""
    with open_desk(tmp_path) as desk:
        issue = desk.tracker.open_issue("Carts are lost", "planted1: after a week.")
        desk.tracker.open_pull("Keep carts", f"planted2: a cookie. Closes #{issue.number}.")
        desk.sync("full")
        desk.clock.advance(300)
        yield desk


def choose(desk: Desk, *streams: str) -> None:
    sources.edit(desk.stores.registry, desk.source_id, options={"streams": [*streams]})


def answered(desk: Desk) -> set[str]:
    """The streams that a search answers from, with what links lead to."""
    hits = search(desk.stores, "carts are lost", hops=2).hits
    return {hit.stream for hit in hits} | {link.stream for hit in hits for link in hit.linked}


def stored(desk: Desk) -> dict[str, int]:
    """Rows of a stream in all tables."""
    tables = ("chunks", "documents", "links", "listings")
    index = desk.stores.settings.index_uri
    rows = [row for name in tables for row in oracle.rows(index, name, desk.source_id)]
    return {stream: sum(row["stream"] == stream for row in rows) for stream in STREAMS}


def purge(desk: Desk) -> Sequence[str]:
    return remove_left_out(desk.stores, desk.source, desk.connector)


def test_a_stream_that_is_left_out_is_not_answered_even_before_it_is_purged(desk: Desk):
    assert answered(desk) == {"issues", "pull_requests"}

    choose(desk, "pull_requests")

    assert stored(desk)["issues"]
    assert answered(desk) == {"pull_requests"}


def test_purge_takes_all_rows_of_what_is_left_out_and_of_nothing_else(desk: Desk):
    before = stored(desk)
    choose(desk, "pull_requests")

    assert purge(desk) == ["issues"]
    assert purge(desk) == []

    assert stored(desk) == {"issues": 0, "pull_requests": before["pull_requests"]}
    assert [cursor.stream for cursor in desk.stores.cursors.all()] == ["pull_requests"]
    assert answered(desk) == {"pull_requests"}


@pytest.mark.parametrize("killed", [False, True])
def test_a_stream_that_comes_back_is_whole_again_and_nothing_is_embedded_anew(
    desk: Desk, killed: bool
):
    choose(desk, "pull_requests")
    if killed:  # after its first step
        desk.stores.cursors.restart(desk.source_id, "issues")
    else:
        purge(desk)
    choose(desk, *STREAMS)

    report = desk.sync()["issues"]

    assert (report.listing.complete, report.listing.listed) == (True, 1)
    assert report.index is None or report.index.texts_embedded == 0
    assert desk.differences() == []


def test_nothing_is_purged_under_a_sync_that_still_runs(desk: Desk):
    choose(desk, "pull_requests")
    issues = desk.connector.streams[2].name

    with (
        desk.stores.leases.hold(lease_name(desk.source, issues), 60, "another process"),
        pytest.raises(LeaseHeld),
    ):
        purge(desk)

    assert stored(desk)["issues"]
    assert purge(desk) == ["issues"]


def test_a_stream_that_is_asked_for_again_meanwhile_stays(desk: Desk):
    choose(desk, "pull_requests")
    before = desk.source
    choose(desk, *STREAMS)

    assert remove_left_out(desk.stores, before, desk.connector) == []

    assert desk.differences() == []
