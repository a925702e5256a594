"""The audit of invariant 1: does the index equal the live source? And its repair."""

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sync_assets.connectors.base import Connector, Session, Size, Stream
from sync_assets.errors import RateLimited
from sync_assets.index.arrow import column, vectors
from sync_assets.links import links_of
from sync_assets.models import (
    ApprovalState,
    Difference,
    Document,
    FetchFailure,
    Gone,
    Link,
    ListingEntry,
    Skip,
    Source,
    VerifyReport,
    digest,
)
from sync_assets.stores import Stores
from sync_assets.sync.audit import (
    ChunkFacts,
    Finding,
    Truth,
    audit_chunks,
    audit_documents,
    audit_links,
    audit_listing,
    audit_vectors,
)
from sync_assets.sync.batches import BatchCounts, fetch_in_batches
from sync_assets.sync.engine import StreamSync, sync_stream
from sync_assets.sync.fetching import prepare
from sync_assets.sync.progress import Progress, silent

if TYPE_CHECKING:
    import pyarrow as pa

KNOWN = frozenset({"failed_document", "held_delete"})
"""Differences that are already on record, and that a repair leaves alone."""
_KEPT: Mapping[ApprovalState, str] = {
    "held": "its delete waits for approval",
    "rejected": "an operator refused its delete",
}


def verify_stream(
    stores: Stores,
    source: Source,
    connector: Connector,
    stream: Stream,
    *,
    repair: bool = False,
    progress: Progress = silent,
) -> VerifyReport:
    """Read everything, at the source and in the index, and name each difference.

    With `repair`, what differs is fetched and indexed anew, and the audit is run again. Raises
    RateLimited where the vendor asked us to wait, which syncs then do too; FingerprintMismatch from
    a repair where the whole table is of another model.
    """
    audit = StreamAudit(stores, source, connector, stream, progress)
    waiting = StreamSync(stores, source, connector, stream)
    if (waits := waiting.waits("incremental")) is not None:
        raise RateLimited(
            f"{source.source_id} {stream.name} waits until {waits.deferred_until:%Y-%m-%d %H:%M:%S}"
            f" UTC because {waits.deferred_because}",
            retry_at=waits.deferred_until,
        )
    try:
        report = audit.run()
    except RateLimited as limited:
        waiting.put_off(limited, "incremental")
        raise
    broken = {found.document_id for found in report.differences if found.kind not in KNOWN}
    if not repair or not broken:
        return report
    force = {key for key in broken if key is not None}
    sync = StreamSync(stores, source, connector, stream, progress=progress, force=force)
    sync_stream(sync, "full")
    again = audit.run()
    remaining = sum(found.kind not in KNOWN for found in again.differences)
    mended = sum(found.kind not in KNOWN for found in report.differences) - remaining
    return again.model_copy(update={"repaired": max(mended, 0)})


def verify_at_rest(
    stores: Stores,
    source: Source,
    connector: Connector,
    stream: Stream,
    *,
    progress: Progress = silent,
) -> VerifyReport:
    """Audit a source that people go on changing. Documents that the source lists otherwise than the
    last sync saw it are looked at again after another sync: if they differ still, they differ.

    Raises what `verify_stream` and a sync raise (LeaseHeld where another process syncs it).
    """
    first = verify_stream(stores, source, connector, stream, progress=progress)
    moved = {found.document_id for found in first.differences if found.kind == "listing_row"}
    if not moved:
        return first
    sync_stream(StreamSync(stores, source, connector, stream, progress=progress), "incremental")
    second = verify_stream(stores, source, connector, stream, progress=progress)
    remaining = [
        *(found for found in first.differences if found.document_id not in moved),
        *(found for found in second.differences if found.document_id in moved),
    ]
    seconds = first.seconds + second.seconds
    return second.model_copy(
        update={"differences": remaining, "equal": not remaining, "seconds": seconds}
    )


class StreamAudit:
    """One stream's audit. Writes nothing."""

    def __init__(
        self,
        stores: Stores,
        source: Source,
        connector: Connector,
        stream: Stream,
        progress: Progress,
    ) -> None:
        self.stores = stores
        self.source = source
        self.connector = connector
        self.stream = stream
        self.progress = progress
        self._key = (source.source_id, stream.name)

    def run(self) -> VerifyReport:
        """The differences now, ordered by document."""
        started = time.monotonic()
        stores = self.stores
        name = self.stream.name
        with self.connector.open(self.source, [name], stores.settings, stores.http) as sessions:
            session = sessions[name]
            listing = session.list(None)
            entries = {entry.document_id: entry for entry in listing.entries}
            truth = self._truth(session, entries, listing.watermark)
        chunks = self._chunk_rows()
        count = sum(len(rows) for rows in chunks.values())
        findings = [*self._model()]
        if not findings:
            findings += self._audit(truth, chunks)
        differences = [
            Difference(
                kind=found.kind,
                source_id=self.source.source_id,
                stream=self.stream.name,
                document_id=found.document_id,
                key=found.key or self._name(entries, found.document_id),
                detail=found.detail,
            )
            for found in findings
        ]
        differences.sort(key=lambda each: (each.key or "", each.kind, each.detail))
        return VerifyReport(
            source_id=self.source.source_id,
            stream=self.stream.name,
            equal=not differences,
            documents=len(truth.texts),
            chunks=count,
            watermark=listing.watermark,
            differences=differences,
            seconds=time.monotonic() - started,
        )

    def _truth(self, session: Session, entries: dict[str, ListingEntry], watermark: str) -> Truth:
        stores, settings = self.stores, self.stores.settings
        truth = Truth(entries, failed=stores.failures.outstanding(*self._key))
        for state, reason in _KEPT.items():
            decided = stores.approvals.all(self.source.source_id, state)
            if any(approval.stream == self.stream.name for approval in decided):
                truth.held = reason
        wanted: list[ListingEntry] = []
        for entry in entries.values():  # what changes while we read is truth as it was read
            if entry.reason:
                truth.skipped[entry.document_id] = entry.reason
            else:
                wanted.append(entry)
        counts = BatchCounts()
        most = min(
            settings.batch_documents, self.stream.batch_documents or settings.batch_documents
        )
        for items in fetch_in_batches(
            lambda batch: prepare(session, batch, watermark),
            wanted,
            size=Size(most),
            in_flight=settings.batches_in_flight,
            counts=counts,
        ):
            for item in items:
                if isinstance(item, Skip):
                    truth.skipped[item.entry.document_id] = item.reason
                elif isinstance(item, Gone):
                    del entries[item.entry.document_id]
                elif isinstance(item, FetchFailure):
                    entry = item.entry
                    truth.failed.add(entry.document_id)
                    truth.texts[entry.document_id] = (entry.key, entry.version, "")
                else:
                    row = item.document
                    listed = entries[row.document_id]
                    entries[row.document_id] = replace(listed, version=row.version)
                    truth.texts[row.document_id] = (row.key, row.version, row.content_hash)
            self.progress("verify", counts.processed, len(wanted))
        return truth

    def _model(self) -> Iterator[Finding]:
        stored = self.stores.reader.fingerprint()
        ours = self.stores.embedder
        if stored is None:
            return
        dimensions = self.stores.reader.dimensions()
        if dimensions != ours.dimensions:
            detail = f"the index holds {dimensions} dimensions, the model gives {ours.dimensions}"
            yield Finding("wrong_dimension", None, None, detail)
        if stored != ours.fingerprint:
            detail = f"the index holds vectors of {stored}, the model is {ours.fingerprint}"
            yield Finding("foreign_fingerprint", None, None, detail)

    def _audit(self, truth: Truth, chunks: dict[str, list[ChunkFacts]]) -> Iterator[Finding]:
        yield from audit_documents(truth, self._documents())
        seen: set[str] = set()
        links = self._link_rows()
        github_url = str(self.stores.settings.github_web_url)
        for document, _ in self._documents():
            if document.document_id not in seen:
                seen.add(document.document_id)
                yield from audit_chunks(document, chunks.get(document.document_id, []))
                expected = links_of(document, self.source, github_url=github_url).links
                yield from audit_links(document, links.pop(document.document_id, []), expected)
        for key in chunks.keys() - seen:
            yield Finding("extra_chunk", key, None, "chunks of a document that is not stored")
        for key in links:
            yield Finding("extra_link", key, None, "links of a document that is not stored")
        for batch in self._batches("chunks", "document_id", "content_hash", "vector"):
            owners, hashes = column(batch, "document_id"), column(batch, "content_hash")
            cached = self.stores.vectors.get_many(self.stores.embedder.fingerprint, set(hashes))
            yield from audit_vectors(owners, hashes, vectors(batch), cached)
        yield from audit_listing(truth, self.stores.reader.listing_stored(*self._key))

    def _documents(self) -> Iterator[tuple[Document, str]]:
        columns = ("document_id", "key", "version", "title", "url", "text", "path", "metadata")
        for batch in self._batches("documents", *columns, "content_hash"):
            for row in batch.to_pylist():
                content_hash: str = row.pop("content_hash")
                metadata = json.loads(row.pop("metadata"))
                yield Document(**row, metadata=metadata), content_hash

    def _link_rows(self) -> dict[str, list[Link]]:
        found: dict[str, list[Link]] = defaultdict(list)
        for batch in self._batches("links", "document_id", "kind", "target"):
            for row in batch.to_pylist():
                found[row["document_id"]].append(Link(row["kind"], row["target"]))
        return found

    def _chunk_rows(self) -> dict[str, list[ChunkFacts]]:
        place = ("position", "start_line", "end_line", "start_char", "end_char")
        names = ("chunk_id", "document_id", "document_version", "document_hash", "chunker", "text")
        found: dict[str, list[ChunkFacts]] = defaultdict(list)
        for batch in self._batches("chunks", *names, "content_hash", *place):
            for row in batch.to_pylist():
                found[row["document_id"]].append(_facts(row, place))
        return found

    def _batches(self, table: Any, *columns: str) -> "Iterator[pa.RecordBatch]":  # noqa: ANN401
        yield from self.stores.reader.batches(table, *self._key, columns)

    @staticmethod
    def _name(entries: Mapping[str, ListingEntry], document_id: str | None) -> str | None:
        entry = entries.get(document_id or "")
        return entry.key if entry else None


def _facts(row: dict[str, Any], place: tuple[str, str, str, str, str]) -> ChunkFacts:
    position, start_line, end_line, start_char, end_char = (row[name] for name in place)
    return ChunkFacts(
        chunk_id=row["chunk_id"],
        version=row["document_version"],
        document_hash=row["document_hash"],
        chunker=row["chunker"],
        place=(position, start_line, end_line, start_char, end_char),
        text_hash=digest(row["text"]),
        content_hash=row["content_hash"],
    )
