"""One commit a write: atomic, fenced, exact under rivals."""

import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from sync_assets.errors import LeaseLost
from sync_assets.index.reader import IndexReader
from sync_assets_tests.index.rows import (
    OWNER,
    SOURCE,
    chunked,
    document,
    embed,
    put,
    put_chunks,
    source,
    stored,
    versions,
    writer,
)

COMMITS = 12


class Lease:
    """A lease of which the test decides what happens at each check."""

    def __init__(self) -> None:
        self.checks = 0
        self.lost = False
        self.at_check: Callable[[], None] = lambda: None

    def check(self) -> None:
        self.checks += 1
        if self.lost:
            raise LeaseLost("the lease ran out")
        self.at_check()


def test_a_lost_lease_stops_every_commit(tmp_path: Path):
    put(writer(tmp_path), [document("a")])
    before, rows = versions(tmp_path), stored(tmp_path, "chunks", "chunk_id", "text")
    lease = Lease()
    lease.lost = True
    late = writer(tmp_path, lease.check)
    with pytest.raises(LeaseLost):
        put_chunks(late, [chunked(document("a", "2"))])
    with pytest.raises(LeaseLost):
        late.delete_documents(SOURCE.source_id, "files", [document("a").document_id])
    with pytest.raises(LeaseLost):
        late.remove_source(SOURCE.source_id)
    assert versions(tmp_path) == before
    assert stored(tmp_path, "chunks", "chunk_id", "text") == rows


def test_a_lost_lease_creates_no_table(tmp_path: Path):
    lease = Lease()
    lease.lost = True
    with pytest.raises(LeaseLost):
        put(writer(tmp_path, lease.check), [document("a")])
    assert versions(tmp_path) == {}


@pytest.mark.parametrize("standing", [[], ["other"], ["other", "a"]], ids=str)
def test_a_writer_that_slept_between_its_check_and_its_commit_adds_nothing(
    tmp_path: Path, standing: list[str]
):
    """Its successor wrote the same document meanwhile; without a fence both rows would stay."""
    rival = writer(tmp_path)
    put_chunks(rival, [chunked(document(name)) for name in standing])
    lease = Lease()
    sleeper = writer(tmp_path, lease.check)

    def sleep() -> None:
        put_chunks(rival, [chunked(document("a", "2"))])
        lease.lost = True

    lease.at_check = sleep
    with pytest.raises(LeaseLost):
        put_chunks(sleeper, [chunked(document("a", "3"))])
    found = stored(tmp_path, "chunks", "document_id", "document_version")
    expected = dict.fromkeys(standing, "1") | {"a": "2"}
    assert found == sorted(
        (document(name).document_id, expected[name]) for name in expected for _ in "12"
    )


def test_a_table_emptied_and_filled_by_a_rival_meanwhile_takes_no_duplicate(tmp_path: Path):
    rival = writer(tmp_path)
    put_chunks(rival, [chunked(document("a"))])
    rival.remove_source(SOURCE.source_id)
    lease = Lease()
    sleeper = writer(tmp_path, lease.check)

    def once() -> None:
        lease.at_check = lambda: None
        put_chunks(rival, [chunked(document("a", "2"))])

    lease.at_check = once
    put_chunks(sleeper, [chunked(document("a", "3"))])
    assert lease.checks == 2
    assert [row[0] for row in stored(tmp_path, "chunks", "document_version")] == ["3", "3"]


def test_the_lease_is_asked_again_at_every_attempt(tmp_path: Path):
    rival = writer(tmp_path)
    put_chunks(rival, [chunked(document("b"))])
    lease = Lease()
    busy = writer(tmp_path, lease.check)

    def disturb() -> None:
        if lease.checks < 4:
            put_chunks(rival, [chunked(document("b", str(lease.checks)))])

    lease.at_check = disturb
    put_chunks(busy, [chunked(document("a"))])
    assert lease.checks == 4
    found = {
        row[0]: row[1] for row in stored(tmp_path, "chunks", "document_id", "document_version")
    }
    assert found == {document("a").document_id: "1", document("b").document_id: "3"}


def test_a_writer_remembers_no_more_than_what_still_stands(tmp_path: Path):
    """What a long sync wrote itself it must find again when it changes, moves and is compacted."""
    one = writer(tmp_path)
    for version in ("1", "2", "3"):
        put_chunks(one, [chunked(document(name, version)) for name in "abc"])
    two = writer(tmp_path)
    put_chunks(two, [chunked(document("b", "4"))])
    dataset = one.index.open("chunks")
    assert dataset is not None
    dataset.optimize.compact_files()
    put_chunks(one, [chunked(document("b", "5")), chunked(document("d", "5"))])
    found = stored(tmp_path, "chunks", "document_id", "document_version")
    expected = {"a": "3", "b": "5", "c": "3", "d": "5"}
    assert found == sorted(
        (document(name).document_id, version) for name, version in expected.items() for _ in "12"
    )


def write_many(place: str, name: str) -> None:
    own = source(name)
    into = writer(Path(place))
    for version in range(1, COMMITS + 1):
        rows = [chunked(document(f"{name}/{each}", str(version))) for each in range(5)]
        into.replace_chunks(own, "files", rows, embed(rows), chunker=1)


def test_two_processes_on_two_sources_are_exact_and_a_reader_sees_each_document_whole(
    tmp_path: Path,
):
    spawn = multiprocessing.get_context("spawn")
    names = ["one/one", "two/two"]
    processes = [spawn.Process(target=write_many, args=(str(tmp_path), name)) for name in names]
    for process in processes:
        process.start()
    reader = IndexReader(str(tmp_path), owner=OWNER)
    seen: dict[str, int] = {}
    while any(process.is_alive() for process in processes):
        for name in names:
            found = reader.chunks_stored(source(name).source_id, "files")
            assert set(seen) <= {*found, *seen}
            for key, chunks in found.items():
                assert (chunks.torn, chunks.count, chunks.distinct) == (False, 2, 2)
                assert int(chunks.version) >= seen.get(key, 0)
                seen[key] = int(chunks.version)
            mine = {document(f"{name}/{each}").document_id for each in range(5)}
            assert set(found) in (set(), mine)
    for process in processes:
        process.join()
        assert process.exitcode == 0
    found = stored(tmp_path, "chunks", "document_id", "document_version")
    assert found == sorted(
        (document(f"{name}/{each}").document_id, str(COMMITS))
        for name in names
        for each in range(5)
        for _ in "12"
    )
