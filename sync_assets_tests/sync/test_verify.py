"""`verify` against corruptions made by hand with LanceDB alone."""

from collections.abc import Callable
from typing import Any, cast

import lancedb
import pyarrow as pa
import pytest

from sync_assets.errors import FingerprintMismatch
from sync_assets.sync.verify import verify_at_rest
from sync_assets_tests.toy import NOTES, Toy, ToyConnector

Table = Any


def open_table(toy: Toy, name: str) -> Table:
    return lancedb.connect(toy.stores.settings.index_uri).open_table(name)


def again(table: Table, where: str, **changes: object) -> None:
    """Add copies of the matching rows, with changes."""
    rows = table.search().where(where).to_arrow()
    for name, value in changes.items():
        at = rows.schema.get_field_index(name)
        field = rows.schema.field(name)
        rows = rows.set_column(at, field, pa.array([value] * rows.num_rows, field.type))
    table.add(rows)


def missing_document(toy: Toy) -> None:
    open_table(toy, "documents").delete("key = 'a'")
    open_table(toy, "chunks").delete("title = 'a'")


def extra_document(toy: Toy) -> None:
    again(open_table(toy, "documents"), "key = 'a'", document_id="f" * 32, key="ghost")


def stale_document(toy: Toy) -> None:
    open_table(toy, "documents").update(where="key = 'a'", values={"version": "older"})


def altered_document(toy: Toy) -> None:
    open_table(toy, "documents").update(where="key = 'a'", values={"text": "another fish"})


def duplicate_document(toy: Toy) -> None:
    again(open_table(toy, "documents"), "key = 'a'")


def missing_chunk(toy: Toy) -> None:
    open_table(toy, "chunks").delete("title = 'a'")


def extra_chunk(toy: Toy) -> None:
    again(open_table(toy, "chunks"), "title = 'a'", chunk_id="f" * 32)


def orphan_chunk(toy: Toy) -> None:
    again(open_table(toy, "chunks"), "title = 'a'", chunk_id="e" * 32, document_id="f" * 32)


def stale_chunk(toy: Toy) -> None:
    open_table(toy, "chunks").update(where="title = 'a'", values={"document_version": "older"})


def altered_chunk(toy: Toy) -> None:
    open_table(toy, "chunks").update(where="title = 'a'", values={"text": "no fish"})


def duplicate_chunk(toy: Toy) -> None:
    again(open_table(toy, "chunks"), "title = 'a'")


def torn_document(toy: Toy) -> None:
    table = open_table(toy, "chunks")
    again(table, "title = 'a'", chunk_id="f" * 32, document_version="older")


def bad_vector(toy: Toy) -> None:
    zero = [0.0] * 384
    open_table(toy, "chunks").update(where="title = 'a'", values={"vector": zero})


def altered_vector(toy: Toy) -> None:
    other = [1.0] + [0.0] * 383
    open_table(toy, "chunks").update(where="title = 'a'", values={"vector": other})


def listing_row(toy: Toy) -> None:
    open_table(toy, "listings").delete("key = 'a'")


CORRUPTIONS: dict[str, tuple[str, Callable[[Toy], None]]] = {
    corrupt.__name__: (kind, corrupt)
    for kind, corrupt in [
        ("missing_document", missing_document),
        ("extra_document", extra_document),
        ("stale_document", stale_document),
        ("altered_document", altered_document),
        ("duplicate_document", duplicate_document),
        ("missing_chunk", missing_chunk),
        ("extra_chunk", extra_chunk),
        ("extra_chunk", orphan_chunk),
        ("stale_chunk", stale_chunk),
        ("altered_chunk", altered_chunk),
        ("duplicate_chunk", duplicate_chunk),
        ("torn_document", torn_document),
        ("bad_vector", bad_vector),
        ("altered_vector", altered_vector),
        ("listing_row", listing_row),
    ]
}

UNSEEN_BY_THE_ORACLE = {"bad_vector", "altered_vector", "listing_row"}
"""It judges texts and versions; vectors and the ledger of listings are verify's own matter."""


@pytest.mark.parametrize("corruption", sorted(CORRUPTIONS.keys() - UNSEEN_BY_THE_ORACLE))
def test_the_oracle_of_the_other_tests_finds_a_planted_fault(toy: Toy, corruption: str):
    toy.sync()
    assert toy.differences() == []

    CORRUPTIONS[corruption][1](toy)

    assert toy.differences() != []


def test_a_synced_stream_has_no_differences(toy: Toy):
    toy.sync()

    report = toy.verify()

    assert report.differences == []
    assert report.equal
    assert (report.documents, report.chunks) == (3, 3)


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_each_corruption_is_found_by_name_and_mended_by_repair(toy: Toy, corruption: str):
    kind, corrupt = CORRUPTIONS[corruption]
    toy.sync()
    corrupt(toy)

    report = toy.verify()
    assert not report.equal
    assert kind in {difference.kind for difference in report.differences}

    repaired = toy.verify(repair=True)
    assert repaired.differences == []
    assert repaired.repaired > 0
    assert toy.differences() == []


def recreate_chunks(toy: Toy, *, dimensions: int, fingerprint: str) -> None:
    """The chunks table, made anew as another model's would be."""
    table: Any = open_table(toy, "chunks").to_arrow()
    at = table.schema.get_field_index("vector")
    flat: Any = pa.array([1.0] + [0.0] * (dimensions * table.num_rows - 1), pa.float32())
    vectors = cast("Any", pa.FixedSizeListArray).from_arrays(flat, dimensions)
    field: Any = pa.field("vector", vectors.type, nullable=False)
    metadata: dict[bytes, bytes] = dict(table.schema.metadata or {})
    metadata[b"sync_assets.fingerprint"] = fingerprint.encode()
    changed = table.set_column(at, field, vectors).replace_schema_metadata(metadata)
    database = lancedb.connect(toy.stores.settings.index_uri)
    database.create_table("chunks", changed, mode="overwrite")


def test_a_table_of_another_dimension_is_named_and_a_repair_says_what_to_do(toy: Toy):
    toy.sync()
    recreate_chunks(toy, dimensions=8, fingerprint=toy.stores.embedder.fingerprint)

    assert [each.kind for each in toy.verify().differences] == ["wrong_dimension"]
    with pytest.raises(FingerprintMismatch):
        toy.verify(repair=True)


def test_a_table_of_another_model_is_named_and_a_repair_says_what_to_do(toy: Toy):
    toy.sync()
    recreate_chunks(toy, dimensions=384, fingerprint="another/model")

    assert [each.kind for each in toy.verify().differences] == ["foreign_fingerprint"]
    with pytest.raises(FingerprintMismatch):
        toy.verify(repair=True)


def test_what_was_never_synced_is_missing(toy: Toy):
    assert {each.kind for each in toy.verify().differences} == {"missing_document", "listing_row"}


def test_a_failed_document_is_reported_as_failed(toy: Toy):
    toy.sync()
    toy.world.notes["a"] = "changed and broken"
    toy.world.broken = {"a"}
    toy.sync()

    report = toy.verify()

    assert {each.kind for each in report.differences} == {"failed_document"}
    assert {each.key for each in report.differences} == {"a"}


def test_held_deletes_are_reported_as_held(toy: Toy):
    toy.sync()
    toy.world.notes.clear()
    toy.sync()

    assert {each.kind for each in toy.verify().differences} == {"held_delete"}


def test_a_delete_that_an_operator_refused_is_no_unknown_difference(toy: Toy):
    toy.sync()
    toy.world.notes.clear()
    toy.sync()
    (held,) = toy.stores.approvals.all(toy.source.source_id, "held")
    toy.stores.approvals.reject(held.approval_id)
    toy.sync()

    assert {each.kind for each in toy.verify().differences} == {"held_delete"}


def test_what_changed_since_the_last_sync_is_no_difference_of_a_source_in_use(toy: Toy):
    toy.sync()
    toy.world.notes |= {"b": "changed just now", "new": "written just now"}
    audited = (toy.stores, toy.source, ToyConnector(toy.world), NOTES)
    at_rest = verify_at_rest(*audited)

    missing_chunk(toy)
    toy.world.notes["b"] = "changed once more"
    differs = verify_at_rest(*audited)

    assert at_rest.equal
    assert [(each.kind, each.key) for each in differs.differences] == [("missing_chunk", "a")]
