"""Upkeep changes how fast answers come, never what they are."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from sync_assets.errors import LeaseLost
from sync_assets.index.indexes import ensure_indexes
from sync_assets.index.maintenance import (
    FRAGMENTS_TOO_MANY,
    KEEP,
    SHORTEST_KEEP,
    TableStatistics,
    needs_optimize,
    optimize,
    statistics,
)
from sync_assets.index.open import Index
from sync_assets.index.reader import IndexReader
from sync_assets_tests.index.rows import (
    DIMENSIONS,
    NOW,
    SOURCE,
    always,
    chunked,
    document,
    put,
    put_chunks,
    stored,
    versions,
    writer,
)

QUERY = np.full(DIMENSIONS, DIMENSIONS**-0.5, np.float32)
QUIET = TableStatistics(
    rows=100_000,
    deleted=0,
    fragments=1,
    unindexed=0,
    versions=1,
    expired=0,
    data_bytes=1,
)


def scattered(place: Path) -> None:
    into = writer(place)
    for number in range(12):
        put(into, [document(f"{number}-{each}") for each in range(3)])
    put(into, [document("3-1", "2")])


def found(place: Path, text: str) -> list[object]:
    hits = IndexReader(str(place)).search(vector=QUERY, text=text, limit=100)
    return [hits.nearest["chunk_id"].to_pylist(), set(hits.matching["chunk_id"].to_pylist())]


def test_optimize_keeps_every_row_and_every_answer(tmp_path: Path):
    scattered(tmp_path)
    index = Index(str(tmp_path))
    ensure_indexes(index, always)
    put(writer(tmp_path), [document("4-1", "2")])
    columns = ("chunk_id", "document_version", "text", "vector")
    rows, answer = stored(tmp_path, "chunks", *columns), found(tmp_path, "text of 4-1 part")
    done = optimize(index, always)
    assert done.fragments_removed > 20
    assert done.skipped == []
    assert stored(tmp_path, "chunks", *columns) == rows
    assert found(tmp_path, "text of 4-1 part") == answer
    after = statistics(index)
    assert after["chunks"].unindexed == 0
    assert after["documents"].fragments == 1
    assert after["chunks"].rows == 72


def test_an_empty_table_gets_no_full_text_index(tmp_path: Path):
    into = writer(tmp_path)
    put(into, [document("a")])
    into.remove_source(SOURCE.source_id)
    index = Index(str(tmp_path))
    assert ensure_indexes(index, always) == []
    optimize(index, always)
    put(into, [document("a")])
    assert ensure_indexes(index, always) == ["chunks.search_text"]
    assert ensure_indexes(index, always) == []


def test_upkeep_of_nothing_is_no_error(tmp_path: Path):
    index = Index(str(tmp_path))
    assert optimize(index, always).created == []
    assert statistics(index) == {}
    assert not needs_optimize({})


def test_a_second_optimize_changes_nothing(tmp_path: Path):
    scattered(tmp_path)
    index = Index(str(tmp_path))
    for _ in range(3):
        optimize(index, always)
    before = versions(tmp_path)
    optimize(index, always)
    assert versions(tmp_path) == before


def test_an_old_tag_stays_and_stops_nothing(tmp_path: Path):
    scattered(tmp_path)
    index = Index(str(tmp_path))
    dataset = index.open("chunks")
    assert dataset is not None
    dataset.tags.create("published", 3)
    rows = dataset.checkout_version("published").count_rows()
    later = statistics(index, lambda: NOW.replace(year=3000))
    assert later["chunks"].expired == later["chunks"].versions > 12
    done = optimize(index, always)
    assert done.skipped == []
    assert statistics(index)["chunks"].unindexed == 0
    assert dataset.checkout_version("published").count_rows() == rows


def test_versions_that_readers_may_still_use_are_never_removed(tmp_path: Path):
    scattered(tmp_path)
    index = Index(str(tmp_path))
    with pytest.raises(ValueError, match="at least"):
        optimize(index, always, keep=timedelta(minutes=59))
    reading = index.open("chunks")
    assert reading is not None
    assert optimize(index, always, keep=SHORTEST_KEEP).versions_removed == 0
    assert reading.to_table().num_rows == 72


def test_compaction_that_loses_to_a_writer_is_skipped_and_reported(tmp_path: Path):
    scattered(tmp_path)
    checks = 0

    def disturb() -> None:
        nonlocal checks
        checks += 1
        if checks == 2:  # the first check stands before the full-text index, this before compaction
            put_chunks(writer(tmp_path), [chunked(document("5-1", "2"))])

    done = optimize(Index(str(tmp_path)), disturb)
    assert [line.split(":")[0] for line in done.skipped] == ["chunks"]
    assert ("5-1", "2") in stored(tmp_path, "chunks", "path", "document_version")
    assert optimize(Index(str(tmp_path)), always).skipped == []


def test_a_lost_lease_ends_upkeep(tmp_path: Path):
    scattered(tmp_path)
    before = versions(tmp_path)

    def lost() -> None:
        raise LeaseLost("the lease ran out")

    with pytest.raises(LeaseLost):
        optimize(Index(str(tmp_path)), lost)
    assert versions(tmp_path) == before


def test_a_full_text_index_that_cannot_be_read_is_made_anew(tmp_path: Path):
    scattered(tmp_path)
    ensure_indexes(Index(str(tmp_path)), always)
    put(writer(tmp_path), [document("new", text="def getUserName(): ...")])
    for file in (tmp_path / "chunks.lance" / "_indices").rglob("*.lance"):
        file.write_bytes(b"damaged")
    assert needs_optimize(statistics(Index(str(tmp_path))))
    done = optimize(Index(str(tmp_path)), always)
    assert done.created == ["chunks.search_text"]
    assert statistics(Index(str(tmp_path)))["chunks"].unindexed == 0
    hits = IndexReader(str(tmp_path)).search(text="user name", limit=3).matching
    assert set(hits["path"].to_pylist()) == {"new"}


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({}, False),
        ({"fragments": FRAGMENTS_TOO_MANY}, False),
        ({"fragments": FRAGMENTS_TOO_MANY + 1}, True),
        ({"rows": 10_000_000, "fragments": 100}, False),
        ({"unindexed": 5_000}, False),
        ({"unindexed": 5_001}, True),
        ({"rows": 1_000, "unindexed": 1_000}, False),
        ({"rows": 10_000_000, "unindexed": 20_001}, True),
        ({"deleted": 10_001}, True),
        ({"expired": 101}, True),
        ({"versions": 5_000}, False),
        ({"unindexed": None}, True),
    ],
)
def test_optimize_is_due_when_answers_slow_down(
    changes: dict[str, int], needed: bool
):  # a case's outcome

    assert needs_optimize({"chunks": dataclasses.replace(QUIET, **changes)}) is needed


def test_a_version_counts_as_expired_once_nobody_should_read_it(tmp_path: Path):
    put(writer(tmp_path), [document("a")])
    index = Index(str(tmp_path))
    assert statistics(index)["documents"].expired == 0
    later = datetime.now(UTC) + KEEP + timedelta(minutes=1)
    assert statistics(index, lambda: later)["documents"].expired == 2
