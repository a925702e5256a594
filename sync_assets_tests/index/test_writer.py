"""What is written is what is stored: no duplicate, no orphan, no commit without need."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_assets.errors import UnexpectedPayload
from sync_assets.index.indexes import SCALAR_ROWS, ensure_indexes
from sync_assets.index.maintenance import optimize
from sync_assets.index.reader import IndexReader, StoredListing
from sync_assets.index.rows import ChunkedDocument, DocumentRow, ListingRow
from sync_assets.models import digest
from sync_assets_tests.index.rows import (
    SOURCE,
    always,
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

FILES = (SOURCE.source_id, "files")


def listed(*names: str, version: str = "1") -> list[ListingRow]:
    return [ListingRow(digest(name), name, version, size=5) for name in names]


def test_a_document_is_replaced_whole_in_one_commit_a_table(tmp_path: Path):
    into = writer(tmp_path)
    put(into, [document("a"), document("b")])
    before = versions(tmp_path)
    put(into, [document("a", "2")])
    assert versions(tmp_path) == {name: count + 1 for name, count in before.items()}
    assert stored(tmp_path, "documents", "key", "version") == [("a", "2"), ("b", "1")]
    assert [row[1] for row in stored(tmp_path, "chunks", "path", "document_version")] == list(
        "2211"
    )


def test_a_document_without_chunks_loses_those_it_had(tmp_path: Path):
    into = writer(tmp_path)
    put(into, [document("a"), document("b")])
    put_chunks(into, [chunked(document("a", "2"), texts=[])])
    assert {row[0] for row in stored(tmp_path, "chunks", "path")} == {"b"}


def test_stored_duplicates_go_when_their_document_is_written(tmp_path: Path):
    into = writer(tmp_path)
    put(into, [document("a"), document("b")])
    for name in ("chunks", "documents"):
        dataset = into.index.open(name)
        assert dataset is not None
        dataset.insert(dataset.to_table())
    assert IndexReader(str(tmp_path)).documents_stored(*FILES)[digest("a")].copies == 2
    put(into, [document("a"), document("b")])
    assert IndexReader(str(tmp_path)).documents_stored(*FILES)[digest("a")].copies == 1
    assert len(stored(tmp_path, "chunks", "chunk_id")) == 4


def test_equal_repeats_in_a_batch_fold_and_different_ones_are_refused(tmp_path: Path):
    into = writer(tmp_path)
    put(into, [document("a"), document("b"), document("a")])
    assert stored(tmp_path, "documents", "key") == [("a",), ("b",)]
    assert len(stored(tmp_path, "chunks", "chunk_id")) == 4
    before = versions(tmp_path)
    rows = [DocumentRow(document("a", "2")), DocumentRow(document("a", "3"))]
    with pytest.raises(UnexpectedPayload, match=digest("a")):
        into.write_documents(SOURCE, "files", rows, redaction=1)
    assert versions(tmp_path) == before


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_vector_that_is_no_vector_is_refused(tmp_path: Path, value: float):
    rows = [chunked(document("a"))]
    vectors = embed(rows)
    vectors[1, 3] = value
    with pytest.raises(ValueError, match="finite"):
        writer(tmp_path).replace_chunks(SOURCE, "files", rows, vectors, chunker=1)
    with pytest.raises(ValueError, match="shape"):
        writer(tmp_path).replace_chunks(SOURCE, "files", rows, vectors[:1], chunker=1)
    assert versions(tmp_path) == {}


def test_links_and_chunks_that_do_not_pair_are_refused(tmp_path: Path):
    whole = chunked(document("a"))
    rows = [ChunkedDocument(whole.document, whole.chunks, whole.urls[:1])]
    with pytest.raises(ValueError, match="1 links for 2 chunks"):
        put_chunks(writer(tmp_path), rows)


def test_deletes_stay_within_their_source_and_stream(tmp_path: Path):
    into, other = writer(tmp_path), source("other/name")
    put(into, [document("a"), document("b")])
    put(into, [document("c")], stream="issues")
    put(into, [document("d")], owner=other)
    into.delete_documents(*FILES, [digest(name) for name in "acdz"])
    assert stored(tmp_path, "documents", "key") == [("b",), ("c",), ("d",)]
    assert {row[0] for row in stored(tmp_path, "chunks", "path")} == {"b", "c", "d"}
    into.write_listing(*FILES, listed("b"))
    into.remove_source(SOURCE.source_id)
    assert stored(tmp_path, "documents", "key") == [("d",)]
    assert {row[0] for row in stored(tmp_path, "chunks", "path")} == {"d"}
    assert stored(tmp_path, "listings", "key") == []


def test_deleting_nothing_commits_nothing(tmp_path: Path):
    into = writer(tmp_path)
    into.delete_documents(*FILES, [digest("a")])
    into.remove_source(SOURCE.source_id)
    assert versions(tmp_path) == {}
    put(into, [document("a")])
    before = versions(tmp_path)
    into.delete_documents(*FILES, [])
    into.delete_documents(*FILES, [digest("b")])
    into.remove_source("github:other/name")
    assert versions(tmp_path) == before


def test_an_unchanged_listing_commits_nothing_and_a_changed_one_only_its_difference(
    tmp_path: Path,
):
    into = writer(tmp_path)
    assert into.write_listing(*FILES, listed(*"abcd")) == 4
    into.write_listing(SOURCE.source_id, "issues", listed("x"))
    before = versions(tmp_path)
    assert into.write_listing(*FILES, listed(*"dcba")) == 0
    assert versions(tmp_path) == before
    skipped = ListingRow(digest("c"), "c", "1", reason="binary", size=5)
    assert into.write_listing(*FILES, [*listed("a"), *listed("b", version="2"), skipped]) == 3
    assert versions(tmp_path) == {"listings": before["listings"] + 1}
    assert IndexReader(str(tmp_path)).listing_stored(*FILES) == {
        digest("a"): StoredListing("1", "searchable", None),
        digest("b"): StoredListing("2", "searchable", None),
        digest("c"): StoredListing("1", "skipped", "binary"),
    }
    assert len(stored(tmp_path, "listings", "key")) == 4


def test_a_noted_row_leaves_the_rest_of_the_listing(tmp_path: Path):
    into = writer(tmp_path)
    into.write_listing(*FILES, listed("a", "b"))
    into.note_listed(*FILES, [ListingRow(digest("b"), "b", "2", reason="binary")])
    assert stored(tmp_path, "listings", "key", "version", "status") == [
        ("a", "1", "searchable"),
        ("b", "2", "skipped"),
    ]


def test_a_listing_with_stored_duplicates_is_mended(tmp_path: Path):
    into = writer(tmp_path)
    into.write_listing(*FILES, listed("a", "b"))
    dataset = into.index.open("listings")
    assert dataset is not None
    dataset.insert(dataset.to_table(filter="key = 'a'"))
    into.write_listing(*FILES, listed("a", "b"))
    assert stored(tmp_path, "listings", "key") == [("a",), ("b",)]


def test_rows_found_through_an_index_are_replaced_after_optimize_too(tmp_path: Path):
    """The regression of lancedb#3177: with an index on the key, updates silently found no row."""
    into = writer(tmp_path)
    names = [str(number) for number in range(SCALAR_ROWS // 2)]
    put_chunks(into, [chunked(document(name)) for name in names])
    assert set(ensure_indexes(into.index, always)) >= {"chunks.document_id", "chunks.source_id"}
    for version in ("2", "3"):
        put_chunks(into, [chunked(document(name, version)) for name in names[::500]])
        optimize(into.index, always)
        put_chunks(writer(tmp_path), [chunked(document(name, version)) for name in names[::250]])
    found = stored(tmp_path, "chunks", "path", "document_version")
    changed = set(names[::250])
    assert found == sorted((name, "3" if name in changed else "1") for name in names for _ in "12")


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "delete", "compact", "remove"]),
        st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True),
        st.integers(0, 1),
    ),
    max_size=10,
)


@given(OPERATIONS)
@settings(max_examples=15, deadline=None)
def test_any_order_of_writes_by_two_writers_stores_what_was_meant(
    operations: list[tuple[str, list[str], int]],
):
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        both = [writer(place), writer(place)]
        expected: dict[str, str] = {}
        for step, (action, names, who) in enumerate(operations):
            into = both[who]
            if action == "write":
                put(into, [document(name, str(step)) for name in names])
                expected.update(dict.fromkeys(names, str(step)))
            elif action == "delete":
                into.delete_documents(*FILES, [digest(name) for name in names])
                expected = {key: value for key, value in expected.items() if key not in names}
            elif action == "compact":
                optimize(into.index, always)
            else:
                into.remove_source(SOURCE.source_id)
                expected = {}
            assert stored(place, "documents", "key", "version") == sorted(expected.items())
            chunks = [(name, version) for name, version in expected.items() for _ in "12"]
            assert stored(place, "chunks", "path", "document_version") == sorted(chunks)
