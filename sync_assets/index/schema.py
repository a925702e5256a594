"""The four tables of the index as Arrow schemas, and the facts each carries in its metadata.

`listings` is what the last complete listing saw, `documents` the full texts, `chunks` all that
search reads, `links` what documents name. Key columns are non-null and declared as the table's
unenforced primary key: without it concurrent inserts through LanceDB duplicate silently.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import pyarrow as pa

TableName = Literal["chunks", "links", "documents", "listings"]
TABLES: Final[tuple[TableName, ...]] = ("chunks", "links", "documents", "listings")
"""In the order of deletes: what search reads goes first."""

SCHEMA_VERSION = 1
SCHEMA = "sync_assets.schema"
OWNER = "sync_assets.owner"
FINGERPRINT = "sync_assets.fingerprint"

COLUMNS: Final[Mapping[TableName, Mapping[str, str]]] = {
    "listings": {
        "document_id": "key",
        "source_id": "text",
        "stream": "text",
        "key": "text",
        "version": "text",
        "status": "text",  # searchable, skipped
        "reason": "text?",
        "size": "int64?",
    },
    "documents": {
        "document_id": "key",
        "source_id": "text",
        "stream": "text",
        "key": "text",
        "path": "text?",
        "title": "text",
        "url": "text",
        "author": "text?",
        "created_at": "time?",
        "updated_at": "time?",
        "version": "text",
        "content_hash": "text",
        "text": "long",
        "metadata": "long",  # JSON
        "redaction": "int32",  # version of the rules
        "secrets": "int32",  # how many were taken out
        "stored_at": "time",
    },
    "links": {
        "link_id": "key",
        "document_id": "text",
        "source_id": "text",
        "stream": "text",
        "scope": "text",
        "kind": "text",
        "target": "text",
    },
    "chunks": {
        "chunk_id": "key",
        "document_id": "text",
        "document_version": "text",
        "document_hash": "text",
        "chunker": "int32",  # version of what made chunks and links
        "connector": "text",
        "source_id": "text",
        "scope": "text",
        "stream": "text",
        "position": "int32",
        "start_line": "int32",
        "end_line": "int32",
        "start_char": "int32",
        "end_char": "int32",
        "text": "text",
        "search_text": "text",  # header and text: what full text search reads
        "content_hash": "text",
        "symbol": "text?",
        "vector": "vector",
        "title": "text",
        "path": "text?",
        "url": "text",
        "author": "text?",
        "created_at": "time?",
        "updated_at": "time?",
        "indexed_at": "time",
    },
}
"""Column -> kind; `?` marks what may be null. Times are UTC, in microseconds.

Lance compresses `long` alone, to a third: keys and chunks would shrink by a fifth, and be written
in four times the time.
"""


def key_column(name: TableName) -> str:
    """The column that is unique."""
    return next(column for column, kind in COLUMNS[name].items() if kind == "key")


def table_schema(name: TableName, *, owner: str, fingerprint: str, dimensions: int) -> "pa.Schema":
    """The Arrow schema that a table is created with, metadata included.

    `owner` is the instance id of the control database; `fingerprint` and `dimensions` are the
    embedding model's, and only `chunks` carries them.
    """
    import pyarrow as pa

    types: dict[str, pa.DataType] = {
        "key": pa.string(),
        "text": pa.string(),
        "long": pa.string(),
        "time": pa.timestamp("us", tz="UTC"),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "vector": pa.list_(pa.float32(), dimensions),
    }
    plain = {"lance-encoding:compression": "none"}
    told = {"key": plain | {"lance-schema:unenforced-primary-key": "true"}, "text": plain}
    fields: list[pa.Field[Any]] = [
        pa.field(
            column,
            types[kind.removesuffix("?")],
            nullable=kind.endswith("?"),
            metadata=told.get(kind.removesuffix("?")),
        )
        for column, kind in COLUMNS[name].items()
    ]
    metadata: dict[bytes | str, bytes | str] = {SCHEMA: str(SCHEMA_VERSION), OWNER: owner}
    if name == "chunks":
        metadata[FINGERPRINT] = fingerprint
    return pa.schema(fields, metadata)
