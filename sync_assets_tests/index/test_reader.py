"""What is stored is what is read, newest first, and searches find it."""

import dataclasses
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from sync_assets.errors import FingerprintMismatch
from sync_assets.index.arrow import vectors
from sync_assets.index.indexes import ensure_indexes
from sync_assets.index.predicates import Filter, where
from sync_assets.index.reader import HIT_COLUMNS, IndexReader, StoredDocument, StreamRows
from sync_assets.index.rows import DocumentRow, ListingRow
from sync_assets.models import digest
from sync_assets_tests.index.rows import (
    DIMENSIONS,
    FINGERPRINT,
    NOW,
    SOURCE,
    always,
    chunked,
    document,
    embed,
    put,
    put_chunks,
    source,
    writer,
)

FILES = (SOURCE.source_id, "files")
QUERY = np.full(DIMENSIONS, DIMENSIONS**-0.5, np.float32)


def found_by_words(reader: IndexReader, text: str, limited: str | None = None) -> set[str]:
    found = reader.search(text=text, where=limited, limit=10).matching
    return set(cast("list[str]", found["path"].to_pylist()))


def texts(place: Path, **contents: str) -> IndexReader:
    rows = [chunked(document(name), [text]) for name, text in contents.items()]
    put_chunks(writer(place), rows)
    return IndexReader(str(place))


def test_an_index_never_written_reads_as_empty(tmp_path: Path):
    reader = IndexReader(str(tmp_path / "nowhere"))
    assert not reader.documents_stored(*FILES)
    assert not reader.chunks_stored(*FILES)
    assert not reader.listing_stored(*FILES)
    assert not list(reader.documents([digest("a")]))
    assert not reader.vectors_of([digest("a")])
    assert not reader.counts()
    assert not list(reader.batches("chunks", *FILES))
    assert reader.fingerprint() is None
    found = reader.search(vector=QUERY, text="anything", limit=5)
    assert found.nearest.column_names == [*HIT_COLUMNS, "_distance"]
    assert found.matching.column_names == [*HIT_COLUMNS, "_score"]
    assert found.nearest.num_rows == found.matching.num_rows == 0
    assert not (tmp_path / "nowhere").exists()


def test_an_index_of_which_all_rows_are_gone_reads_as_empty(tmp_path: Path):
    reader = texts(tmp_path, a="some words")
    ensure_indexes(reader.index, always)
    writer(tmp_path).remove_source(SOURCE.source_id)
    found = reader.search(vector=QUERY, text="some words", limit=5)
    assert found.nearest.num_rows == found.matching.num_rows == 0
    assert not reader.chunks_stored(*FILES)


def test_documents_come_back_as_they_were_written(tmp_path: Path):
    whole = dataclasses.replace(
        document("ümlaut's.md"),
        text="größe \U0001f600 \r\n\x00 end",
        author=None,
        created_at=NOW,
        updated_at=None,
        metadata={"mode": "100644", "nested": {"n": [1, None]}},
    )
    into = writer(tmp_path)
    row = DocumentRow(whole, secrets=3)
    into.write_documents(SOURCE, "files", [row, DocumentRow(document("b"))], redaction=7)
    reader = IndexReader(str(tmp_path))
    assert list(reader.documents([whole.document_id, digest("unknown")])) == [[whole]]
    assert reader.documents_stored(*FILES)[whole.document_id] == StoredDocument(
        "1", whole.content_hash, 7
    )
    assert not reader.documents_stored(SOURCE.source_id, "issues")


def test_documents_come_in_parts_each_once_as_of_one_commit(tmp_path: Path):
    into = writer(tmp_path)
    ids = [document(str(number)).document_id for number in range(5)]
    for version in ("1", "2"):
        rows = [DocumentRow(document(str(number), version)) for number in range(5)]
        into.write_documents(SOURCE, "files", rows, redaction=7)
    parts = IndexReader(str(tmp_path)).documents(ids * 2, most=2)
    found = [next(parts)]
    into.write_documents(SOURCE, "files", [DocumentRow(document("4", "3"))], redaction=7)
    found += parts
    assert [len(part) for part in found] == [2, 2, 1]
    assert sorted(each.document_id for part in found for each in part) == sorted(ids)
    assert {each.version for part in found for each in part} == {"2"}


def test_vectors_come_back_bit_for_bit(tmp_path: Path):
    rows = [chunked(document("a")), chunked(document("b"), ["one", "two", "one"])]
    put_chunks(writer(tmp_path), rows)
    reader = IndexReader(str(tmp_path))
    expected = dict(
        zip([chunk.content_hash for row in rows for chunk in row.chunks], embed(rows), strict=True)
    )
    kept = reader.vectors_of([digest("a"), digest("b")])
    assert kept.keys() == expected.keys()
    assert all(np.array_equal(kept[key], expected[key]) for key in expected)
    (batch,) = reader.batches("chunks", *FILES)
    assert vectors(batch).shape == (5, DIMENSIONS)
    assert set(kept) == set(reader.vectors_of([digest("a")])) | {digest("one"), digest("two")}


def test_torn_stale_and_duplicate_chunks_show(tmp_path: Path):
    into = writer(tmp_path)
    put(into, [document("whole"), document("torn"), document("twice"), document("stale")])
    dataset = into.index.open("chunks")
    assert dataset is not None
    dataset.insert(dataset.to_table(filter="path = 'twice' AND position = 0"))
    dataset.update({"document_version": "'0'"}, where="path = 'torn' AND position = 1")
    dataset.update({"chunker": "0"}, where="path = 'stale'")
    stored = IndexReader(str(tmp_path)).chunks_stored(*FILES)
    seen = {
        name: (row.torn, row.chunker, row.count, row.distinct)
        for name in ("whole", "torn", "twice", "stale")
        if (row := stored[digest(name)])
    }
    assert seen == {
        "whole": (False, 1, 2, 2),
        "torn": (True, 1, 2, 2),
        "twice": (False, 1, 3, 2),
        "stale": (False, 0, 2, 2),
    }


def test_an_open_reader_sees_the_newest_commit(tmp_path: Path):
    into = writer(tmp_path)
    reader = IndexReader(str(tmp_path))
    for version in ("1", "2", "3"):
        put(into, [document("a", version)])
        assert reader.documents_stored(*FILES)[digest("a")].version == version
        assert reader.chunks_stored(*FILES)[digest("a")].version == version


def test_versions_and_the_model_can_be_asked_alone(tmp_path: Path):
    reader = IndexReader(str(tmp_path))
    assert not reader.is_present()
    assert reader.dimensions() is None
    put(writer(tmp_path), [document("a", "7"), document("b")])
    assert reader.is_present()
    assert reader.dimensions() == DIMENSIONS
    assert reader.versions([digest("a"), digest("unknown")]) == {digest("a"): "7"}


def test_rows_are_counted_by_source_and_stream(tmp_path: Path):
    into = writer(tmp_path)
    put(into, [document("a"), document("b")])
    put(into, [document("c")], owner=source("other/name"))
    into.write_listing(*FILES, [ListingRow(digest("x"), "x", "1")])
    assert IndexReader(str(tmp_path)).counts() == {
        FILES: StreamRows(chunks=4, documents=2, listings=1),
        ("github:other/name", FILES[1]): StreamRows(chunks=2, documents=1),
    }


def test_the_nearest_vectors_come_first_with_their_cosine(tmp_path: Path):
    rows = [chunked(document(name)) for name in "abcdef"]
    put_chunks(writer(tmp_path), rows)
    found = IndexReader(str(tmp_path)).search(vector=QUERY, limit=4).nearest
    cosines = embed(rows) @ QUERY
    expected = sorted(1 - cosine for cosine in cosines.tolist())[:4]
    assert cast("list[Any]", found["_distance"].to_pylist()) == pytest.approx(expected, abs=1e-6)


def test_a_query_of_another_length_is_refused(tmp_path: Path):
    put(writer(tmp_path), [document("a")])
    with pytest.raises(FingerprintMismatch, match="16 dimensions, the index 8"):
        IndexReader(str(tmp_path)).search(vector=np.ones(16, np.float32), limit=1)


def test_a_reader_of_another_model_is_refused(tmp_path: Path):
    put(writer(tmp_path), [document("a")])
    assert IndexReader(str(tmp_path)).fingerprint() == FINGERPRINT
    with pytest.raises(FingerprintMismatch):
        IndexReader(str(tmp_path), fingerprint="other:8").search(text="a", limit=1)


def test_words_inside_identifiers_are_found(tmp_path: Path):
    reader = texts(
        tmp_path,
        camel="def getUserName(): ...",
        snake="user_name = read()",
        acronym="class HTTPServer2: ...",
        handler="class PaymentIntentSucceededHandler: ...",
    )
    ensure_indexes(reader.index, always)
    assert found_by_words(reader, "user name") == {"camel", "snake"}
    assert found_by_words(reader, "getUserName") >= {"camel"}
    assert found_by_words(reader, "http server") == {"acronym"}
    assert found_by_words(reader, "payments") == {"handler"}


def test_headers_are_found_and_are_no_part_of_the_text(tmp_path: Path):
    put_chunks(writer(tmp_path), [chunked(document("src/billing.py"), ["x = 1"])])
    reader = IndexReader(str(tmp_path))
    ensure_indexes(reader.index, always)
    found = reader.search(text="billing", limit=5).matching
    assert found["text"].to_pylist() == ["x = 1"]


def test_rows_that_no_index_covers_are_found_by_words_inside_identifiers(tmp_path: Path):
    reader = texts(tmp_path, old="def getUserName(): ...")
    ensure_indexes(reader.index, always)
    put_chunks(writer(tmp_path), [chunked(document("new"), ["def setUserName(): ..."])])
    assert found_by_words(reader, "user name") == {"old", "new"}


def test_words_are_found_before_there_is_an_index(tmp_path: Path):
    assert found_by_words(texts(tmp_path, a="the quick fox"), "fox") == {"a"}


@pytest.mark.parametrize("query", ["the", "", "  ", "a:b AND (c", '"unclosed', "'", "\x00", "*"])
def test_no_query_text_is_an_error(tmp_path: Path, query: str):
    reader = texts(tmp_path, a="quick fox")
    ensure_indexes(reader.index, always)
    assert found_by_words(reader, query) <= {"a"}


def test_filters_limit_both_searches(tmp_path: Path):
    into = writer(tmp_path)
    put_chunks(into, [chunked(document(name), ["same words"]) for name in ("src/a.py", "b.md")])
    put_chunks(into, [chunked(document("c.py"), ["same words"])], owner=source("o'ther/name"))
    reader = IndexReader(str(tmp_path))
    ensure_indexes(reader.index, always)
    for wanted, expected in (
        (Filter(), {"src/a.py", "b.md", "c.py"}),
        (Filter(path="*.py"), {"src/a.py", "c.py"}),
        (Filter(source_ids=["github:o'ther/name"]), {"c.py"}),
        (Filter(scopes=[SOURCE.scope], path="/src/"), {"src/a.py"}),
        (Filter(source_ids=[]), set[str]()),
        (Filter(author="nobody"), set[str]()),
        (Filter(updated_from=NOW), {"src/a.py", "b.md", "c.py"}),
        (Filter(updated_until=NOW), set[str]()),
    ):
        limited = where(wanted)
        assert found_by_words(reader, "same words", limited) == expected
        nearest = reader.search(vector=QUERY, where=limited, limit=10).nearest
        assert set(cast("list[str]", nearest["path"].to_pylist())) == expected
