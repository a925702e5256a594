"""Pure: what the index holds against what it should hold, each difference by its kind."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from sync_assets.chunking.chunk import chunk_document
from sync_assets.embedding.base import Vectors
from sync_assets.index.reader import StoredListing
from sync_assets.models import DifferenceKind, Document, Link, ListingEntry
from sync_assets.sync.indexing import INDEXED_BY

NORM_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference, before it is given its source."""

    kind: DifferenceKind
    document_id: str | None
    key: str | None
    detail: str


@dataclass(slots=True)
class Truth:
    """What the source holds: every listed entry, and what fetching it gave.

    `texts`: document id -> (key, version, hash of the text without secrets). `skipped`: id ->
    reason. `failed` are known to be behind; `held` is why what is gone is kept all the same.
    """

    entries: Mapping[str, ListingEntry]
    texts: dict[str, tuple[str, str, str]] = field(default_factory=dict[str, tuple[str, str, str]])
    skipped: dict[str, str] = field(default_factory=dict[str, str])
    failed: set[str] = field(default_factory=set[str])
    held: str = ""


@dataclass(frozen=True, slots=True)
class ChunkFacts:
    """A stored chunk row, its text reduced to a hash."""

    chunk_id: str
    version: str
    document_hash: str
    chunker: int
    place: tuple[int, int, int, int, int]
    text_hash: str
    content_hash: str


def audit_documents(truth: Truth, stored: Iterable[tuple[Document, str]]) -> Iterator[Finding]:
    """Stored documents, each with the content hash of its row, against the truth."""
    seen: Counter[str] = Counter()
    for document, recorded_hash in stored:
        key, name = document.document_id, document.key
        seen[key] += 1
        if seen[key] > 1:
            yield Finding("duplicate_document", key, name, f"{seen[key]} rows")
            continue
        if key not in truth.texts:
            yield _unwanted(truth, key, name)
            continue
        _, version, text_hash = truth.texts[key]
        if document.version != version:
            kind: DifferenceKind = "failed_document" if key in truth.failed else "stale_document"
            yield Finding(kind, key, name, f"stored {document.version}, the source has {version}")
        elif text_hash not in {"", document.content_hash}:
            yield Finding("altered_document", key, name, "the stored text is not the source's")
        elif recorded_hash != document.content_hash:
            yield Finding("altered_document", key, name, "the text does not match its own hash")
    for key in truth.texts.keys() - seen.keys():
        kind = "failed_document" if key in truth.failed else "missing_document"
        yield Finding(kind, key, truth.texts[key][0], "listed at the source, not stored")


def _unwanted(truth: Truth, key: str, name: str) -> Finding:
    if key in truth.skipped:
        return Finding("extra_document", key, name, f"not searchable: {truth.skipped[key]}")
    if truth.held and key not in truth.entries:
        return Finding("held_delete", key, name, f"gone at the source; {truth.held}")
    return Finding("extra_document", key, name, "stored, not at the source")


def audit_chunks(document: Document, rows: list[ChunkFacts]) -> Iterator[Finding]:
    """One stored document's chunk rows against chunking its text anew."""
    key, name = document.document_id, document.key
    versions = {(row.version, row.document_hash) for row in rows}
    current = (document.version, document.content_hash)
    if len(versions) > 1:
        yield Finding("torn_document", key, name, f"chunks of {len(versions)} versions")
        return
    if versions and versions != {current}:
        yield Finding("stale_chunk", key, name, f"chunks of {rows[0].version}")
        return
    if any(row.chunker != INDEXED_BY for row in rows):
        yield Finding("stale_chunk", key, name, f"cut by chunker {rows[0].chunker}")
        return
    counts = Counter(row.chunk_id for row in rows)
    for chunk_id, count in counts.items():
        if count > 1:
            yield Finding("duplicate_chunk", key, name, f"chunk {chunk_id}: {count} rows")
    expected = {chunk.chunk_id: chunk for chunk in chunk_document(document)}
    for chunk_id in expected.keys() - counts.keys():
        chunk = expected[chunk_id]
        yield Finding("missing_chunk", key, name, f"lines {chunk.start_line}-{chunk.end_line}")
    for row in rows:
        chunk = expected.get(row.chunk_id)
        if chunk is None:
            yield Finding("extra_chunk", key, name, f"chunk {row.chunk_id} is not of this text")
            continue
        place = (
            chunk.position, chunk.start_line, chunk.end_line, chunk.start_char, chunk.end_char
        )  # fmt: skip
        if row.place != place or {row.text_hash, row.content_hash} != {chunk.content_hash}:
            yield Finding("altered_chunk", key, name, f"lines {chunk.start_line}-{chunk.end_line}")


def audit_links(
    document: Document, rows: Iterable[Link], expected: Iterable[Link]
) -> Iterator[Finding]:
    """One stored document's link rows against those that follow from it."""
    stored, wanted = Counter(rows), Counter(expected)
    key, name = document.document_id, document.key
    for link in sorted((wanted - stored).elements(), key=repr):
        yield Finding("missing_link", key, name, f"{link.kind} {link.target}")
    for link in sorted((stored - wanted).elements(), key=repr):
        yield Finding("extra_link", key, name, f"{link.kind} {link.target}")


def audit_vectors(
    owners: list[str], hashes: list[str], vectors: Vectors, cached: Mapping[str, Vectors]
) -> Iterator[Finding]:
    """Stored vectors, row by row, against being unit vectors and against the cache."""
    norms = np.linalg.norm(vectors.astype(np.float64), axis=1)
    for index in np.flatnonzero(~(np.abs(norms - 1) <= NORM_TOLERANCE)):
        yield Finding("bad_vector", owners[index], None, f"its length is {norms[index]:.3f}, not 1")
    for index, content_hash in enumerate(hashes):
        known = cached.get(content_hash)
        sound = abs(norms[index] - 1) <= NORM_TOLERANCE
        if sound and known is not None and not np.allclose(known, vectors[index], atol=1e-3):
            yield Finding("altered_vector", owners[index], None, "not this text's vector")


def audit_listing(truth: Truth, listed: Mapping[str, StoredListing]) -> Iterator[Finding]:
    """The `listings` table against the live listing."""
    for key, entry in truth.entries.items():
        row = listed.get(key)
        reason = truth.skipped.get(key)
        if key in truth.failed:
            continue
        if row is None:
            yield Finding("listing_row", key, entry.key, "listed at the source, no row")
        elif (row.version, row.reason) != (entry.version, reason):
            yield Finding("listing_row", key, entry.key, f"the row says {row.version} {row.reason}")
    for key in listed.keys() - truth.entries.keys():
        if not truth.held:
            yield Finding("listing_row", key, None, "a row of what is not at the source")
