"""Rows to write, and exact reads of what is stored."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from sync_assets.index.arrow import Vectors, tuples
from sync_assets.index.open import Index
from sync_assets.index.rows import ChunkedDocument, DocumentRow
from sync_assets.index.schema import TABLES, TableName
from sync_assets.index.writer import IndexWriter
from sync_assets.models import Chunk, Document, Source, chunk_id, digest

NOW = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
DIMENSIONS = 8
OWNER = "instance-1"
FINGERPRINT = "hash:8"


def source(name: str = "owner/name") -> Source:
    return Source(
        source_id=f"github:{name}",
        connector="github",
        scope=name,
        identity=name,
        settings={},
        cron="* * * * *",
        status="active",
        generation=1,
        created_at=NOW,
    )


SOURCE = source()


def always() -> None:
    """The lease of a writer whom nobody disturbs."""


def writer(
    place: Path,
    check: Callable[[], None] = always,
    *,
    owner: str = OWNER,
    fingerprint: str = FINGERPRINT,
    dimensions: int = DIMENSIONS,
) -> IndexWriter:
    return IndexWriter(
        str(place),
        owner=owner,
        fingerprint=fingerprint,
        dimensions=dimensions,
        check=check,
        clock=lambda: NOW,
    )


def document(name: str, version: str = "1", text: str | None = None) -> Document:
    return Document(
        document_id=digest(name),
        key=name,
        version=version,
        title=f"title of {name}",
        url=f"https://example.com/{name}",
        text=f"text of {name} at {version}" if text is None else text,
        path=name,
        updated_at=NOW,
    )


def chunked(whole: Document, texts: Sequence[str] | None = None) -> ChunkedDocument:
    """The document in as many chunks as there are texts: by default two."""
    parts = [f"{whole.text} part {part}" for part in range(2)] if texts is None else texts
    seen: Counter[str] = Counter()
    chunks: list[Chunk] = []
    for position, text in enumerate(parts):
        content = digest(text)
        name = chunk_id(whole.document_id, content, seen[content])
        seen[content] += 1
        line = position + 1
        chunks.append(Chunk(name, position, line, line, 0, len(text), text, whole.key, content))
    urls = [f"{whole.url}#L{chunk.start_line}" for chunk in chunks]
    return ChunkedDocument(whole, chunks, urls)


def embed(rows: Sequence[ChunkedDocument], dimensions: int = DIMENSIONS) -> Vectors:
    """A vector a chunk that follows from its text."""
    vectors = [
        np.frombuffer(hashlib.shake_128(chunk.text.encode()).digest(dimensions), np.uint8)
        for row in rows
        for chunk in row.chunks
    ]
    if not vectors:
        return np.empty((0, dimensions), np.float32)
    raw = np.stack(vectors).astype(np.float32) - 127.5
    return raw / np.linalg.norm(raw, axis=1, keepdims=True)


def put(
    into: IndexWriter, documents: Sequence[Document], owner: Source = SOURCE, stream: str = "files"
) -> None:
    """Documents and their chunks, as the engine writes them."""
    into.write_documents(owner, stream, [DocumentRow(each) for each in documents], redaction=1)
    put_chunks(into, [chunked(each) for each in documents], owner, stream)


def put_chunks(
    into: IndexWriter,
    rows: Sequence[ChunkedDocument],
    owner: Source = SOURCE,
    stream: str = "files",
) -> None:
    into.replace_chunks(owner, stream, rows, embed(rows), chunker=1)


def stored(place: Path, name: TableName, *columns: str) -> list[tuple[Any, ...]]:
    """Every row of a table, duplicates included, sorted."""
    dataset = Index(str(place)).open(name)
    if dataset is None:
        return []
    return sorted(tuples(dataset.to_table(columns=list(columns))))


def versions(place: Path) -> dict[TableName, int]:
    """How many commits each table has seen."""
    index = Index(str(place))
    found: dict[TableName, int] = {}
    for name in TABLES:
        dataset = index.open(name)
        if dataset is not None:
            found[name] = dataset.version
    return found
