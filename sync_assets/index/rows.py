"""Pure: what the engine has -> Arrow tables in the index's schemas, column by column."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from sync_assets.errors import UnexpectedPayload
from sync_assets.index.arrow import Vectors, column, dimensions, fields, vector_array
from sync_assets.models import Chunk, Document, Link, SkipReason, Source, digest

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class ListingRow:
    """A listed document; `reason` is why it is not searchable. `size` is in bytes, if known."""

    document_id: str
    key: str
    version: str
    reason: SkipReason | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as stored: its text is redacted already, `secrets` counts what was taken out."""

    document: Document
    secrets: int = 0


@dataclass(frozen=True, slots=True)
class ChunkedDocument:
    """A document with all its chunks, for each the URL of its lines, and all its links."""

    document: Document
    chunks: Sequence[Chunk]
    urls: Sequence[str]
    links: Sequence[Link] = ()


def listing_table(
    schema: "pa.Schema", source_id: str, stream: str, rows: Sequence[ListingRow]
) -> "pa.Table":
    """One row a listed document."""
    return _table(
        schema,
        {
            "document_id": [row.document_id for row in rows],
            "source_id": _constant(source_id, len(rows)),
            "stream": _constant(stream, len(rows)),
            "key": [row.key for row in rows],
            "version": [row.version for row in rows],
            "status": ["skipped" if row.reason else "searchable" for row in rows],
            "reason": [row.reason for row in rows],
            "size": [row.size for row in rows],
        },
    )


def document_table(
    schema: "pa.Schema",
    source_id: str,
    stream: str,
    rows: Sequence[DocumentRow],
    *,
    redaction: int,
    stored_at: datetime,
) -> "pa.Table":
    """One row a document; `redaction` is the version of the rules that were applied."""
    documents = [row.document for row in rows]
    return _table(
        schema,
        {
            "document_id": [document.document_id for document in documents],
            "source_id": _constant(source_id, len(rows)),
            "stream": _constant(stream, len(rows)),
            "key": [document.key for document in documents],
            **_shared(documents),
            "url": [document.url for document in documents],
            "version": [document.version for document in documents],
            "content_hash": [document.content_hash for document in documents],
            "text": [document.text for document in documents],
            "metadata": [
                json.dumps(dict(document.metadata), sort_keys=True, ensure_ascii=False)
                for document in documents
            ],
            "redaction": _constant(redaction, len(rows)),
            "secrets": [row.secrets for row in rows],
            "stored_at": _constant(stored_at, len(rows)),
        },
    )


def chunk_table(
    schema: "pa.Schema",
    source: Source,
    stream: str,
    rows: Sequence[ChunkedDocument],
    vectors: Vectors,
    *,
    chunker: int,
    indexed_at: datetime,
) -> "pa.Table":
    """One row a chunk. `vectors` has shape (chunks, dimensions), in the order of the chunks."""
    import pyarrow as pa

    chunks = [chunk for row in rows for chunk in row.chunks]
    urls = [url for row in rows for url in row.urls]
    if len(urls) != len(chunks):
        raise ValueError(f"{len(urls)} links for {len(chunks)} chunks")
    documents = [row.document for row in rows]
    owner = pa.array([place for place, row in enumerate(rows) for _ in row.chunks], pa.int64())
    types = {each.name: each.type for each in fields(schema)}
    spread = {
        "document_id": [document.document_id for document in documents],
        "document_version": [document.version for document in documents],
        "document_hash": [document.content_hash for document in documents],
        **_shared(documents),
    }
    return _table(
        schema,
        {
            "chunk_id": [chunk.chunk_id for chunk in chunks],
            "chunker": _constant(chunker, len(chunks)),
            "connector": _constant(source.connector, len(chunks)),
            "source_id": _constant(source.source_id, len(chunks)),
            "scope": _constant(source.scope, len(chunks)),
            "stream": _constant(stream, len(chunks)),
            "position": [chunk.position for chunk in chunks],
            "start_line": [chunk.start_line for chunk in chunks],
            "end_line": [chunk.end_line for chunk in chunks],
            "start_char": [chunk.start_char for chunk in chunks],
            "end_char": [chunk.end_char for chunk in chunks],
            "text": [chunk.text for chunk in chunks],
            "search_text": [f"{chunk.header}\n{chunk.text}" for chunk in chunks],
            "content_hash": [chunk.content_hash for chunk in chunks],
            "symbol": [chunk.symbol for chunk in chunks],
            "vector": vector_array(vectors, len(chunks), dimensions(schema)),
            "url": urls,
            "indexed_at": _constant(indexed_at, len(chunks)),
            **{name: pa.array(values, types[name]).take(owner) for name, values in spread.items()},
        },
    )


def link_table(
    schema: "pa.Schema", source: Source, stream: str, rows: Sequence[ChunkedDocument]
) -> "pa.Table":
    """One row a link of a document."""
    links = [(row.document.document_id, link) for row in rows for link in row.links]
    return _table(
        schema,
        {
            "link_id": [digest(key, link.kind, link.target) for key, link in links],
            "document_id": [key for key, _ in links],
            "source_id": _constant(source.source_id, len(links)),
            "stream": _constant(stream, len(links)),
            "scope": _constant(source.scope, len(links)),
            "kind": [link.kind for _, link in links],
            "target": [link.target for _, link in links],
        },
    )


def differing(wanted: "pa.Table", stored: "pa.Table", key: str) -> "tuple[pa.Table, set[str]]":
    """The rows of `wanted` that are not stored, once and equal, and the keys of those that are
    stored and not wanted. Both have one schema; keys of `wanted` are unique. Compared by column:
    a hundred thousand rows take some megabytes.
    """
    from pyarrow import compute

    pc = cast("Any", compute)  # the stubs know too little of it
    ids = wanted.column(key)
    place = pc.index_in(ids, value_set=stored.column(key).combine_chunks())
    beside = stored.take(place)
    equal = pc.is_valid(place)
    for name in wanted.column_names:
        one, other = wanted.column(name), beside.column(name)
        same = pc.or_kleene(pc.equal(one, other), pc.and_(pc.is_null(one), pc.is_null(other)))
        equal = pc.and_(equal, pc.fill_null(same, fill_value=False))
    counts = stored.group_by(key).aggregate([([], "count_all")])
    twice = counts.filter(pc.greater(counts.column("count_all"), 1)).column(key)
    equal = pc.and_not(equal, pc.is_in(ids, value_set=twice.combine_chunks()))
    gone = stored.filter(pc.invert(pc.is_in(stored.column(key), value_set=ids.combine_chunks())))
    return wanted.filter(pc.invert(equal)), set(column(gone, key))


def without_repeats(table: "pa.Table", key: str) -> "pa.Table":
    """The table with each key once. Equal repeats fold; UnexpectedPayload where they differ."""
    ids = column(table, key)
    if len(set(ids)) == len(ids):
        return table
    import pyarrow as pa

    first: dict[str, int] = {}
    for position, name in enumerate(ids):
        seen = first.setdefault(name, position)
        if not table.slice(seen, 1).equals(table.slice(position, 1)):
            raise UnexpectedPayload(f"Two different rows have one {key}: {name}")
    return table.take(pa.array(first.values(), pa.int64()))


def _shared(documents: Sequence[Document]) -> dict[str, list[Any]]:
    return {
        "path": [document.path for document in documents],
        "title": [document.title for document in documents],
        "author": [document.author for document in documents],
        "created_at": [document.created_at for document in documents],
        "updated_at": [document.updated_at for document in documents],
    }


def _constant(value: str | int | datetime, count: int) -> "pa.Array[Any]":
    import pyarrow as pa

    return pa.repeat(value, count)


def _table(schema: "pa.Schema", columns: dict[str, Any]) -> "pa.Table":
    import pyarrow as pa

    arrays: list[pa.Array[Any]] = [
        values.cast(field.type)
        if isinstance(values := columns[field.name], pa.Array)
        else pa.array(values, field.type)
        for field in fields(schema)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
