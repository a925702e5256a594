"""Documents from the source into the `documents` table: fetched, redacted, written in groups."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from sync_assets.connectors.base import Session
from sync_assets.control.failures import Failures
from sync_assets.index.reader import StoredDocument
from sync_assets.index.rows import DocumentRow, ListingRow
from sync_assets.index.writer import IndexWriter
from sync_assets.models import Document, FetchFailure, Gone, ListingEntry, Skip, SkipReason, Source
from sync_assets.redaction import RULES_VERSION, redact

GROUP_CHARACTERS = 8_000_000
GROUP_DOCUMENTS = 1_000
"""A commit costs the same for one document as for a thousand, so finished batches are written
together. What a group holds bounds the memory, and what a kill can cost."""

Prepared = DocumentRow | Skip | FetchFailure | Gone


@dataclass(slots=True)
class FetchCounts:
    """What was fetched, for the report; bytes are of UTF-8 text."""

    skipped: Counter[str] = field(default_factory=Counter[str])
    failed: int = 0
    bytes: int = 0
    secrets: int = 0


def prepare(session: Session, batch: Sequence[ListingEntry], watermark: str) -> list[Prepared]:
    """One batch, fetched and without its secrets; runs in a worker thread."""
    return [
        without_secrets(item) if isinstance(item, Document) else item
        for item in session.fetch(batch, watermark)
    ]


def without_secrets(document: Document) -> DocumentRow:
    """The document as it is stored. A title is searched as the text is, but for a file's, which is
    its name; metadata, which repeat what the text says, lose what was found there.
    """
    text = redact(document.text)
    secrets = {document.text[found.start : found.end] for found in text.found}
    return DocumentRow(
        replace(
            document,
            text=text.text,
            title=document.title if document.path is not None else redact(document.title).text,
            metadata={name: _without(secrets, value) for name, value in document.metadata.items()}
            if secrets
            else document.metadata,
        ),
        secrets=len(text.found),
    )


def _without(secrets: Collection[str], value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, "[REDACTED]")
        return value
    if isinstance(value, list):
        return [_without(secrets, each) for each in value]
    if isinstance(value, dict):
        return {name: _without(secrets, each) for name, each in value.items()}
    return value


@dataclass(slots=True)
class DocumentSink:
    """Where finished batches go: gathered into groups, one commit a group.

    `stored` are those that are not written again where reading them shows that they are as they
    were. `versions` are those that were read, by document; `gone` and `vanished` what was no longer
    found, with and without the vendor's word.
    """

    writer: IndexWriter
    failures: Failures
    source: Source
    stream: str
    stored: Mapping[str, StoredDocument]
    counts: FetchCounts = field(default_factory=FetchCounts)
    versions: dict[str, str] = field(default_factory=dict[str, str])
    gone: set[str] = field(default_factory=set[str])
    vanished: set[str] = field(default_factory=set[str])
    _rows: list[DocumentRow] = field(default_factory=list[DocumentRow])
    _skips: list[Skip] = field(default_factory=list[Skip])
    _failed: list[FetchFailure] = field(default_factory=list[FetchFailure])
    _characters: int = 0

    def take(self, items: Sequence[Prepared]) -> None:
        """Take over one finished batch; commits when a group is full."""
        for item in items:
            if isinstance(item, DocumentRow):
                self._rows.append(item)
                self._characters += len(item.document.text)
            elif isinstance(item, Skip):
                self._skips.append(item)
            elif isinstance(item, Gone):
                (self.gone if item.confirmed else self.vanished).add(item.entry.document_id)
            else:
                self._failed.append(item)
        if self._characters >= GROUP_CHARACTERS or len(self._rows) >= GROUP_DOCUMENTS:
            self.commit()

    def commit(self) -> None:
        """Write what was gathered; what was found unsearchable is noted, to be fetched once."""
        source_id = self.source.source_id
        new = [row for row in self._rows if not self._is_stored(row.document)]
        if new:
            self.writer.write_documents(self.source, self.stream, new, redaction=RULES_VERSION)
        if self._skips:
            noted = [listing_row(skip.entry, skip.reason) for skip in self._skips]
            self.writer.note_listed(source_id, self.stream, noted)
        self.failures.record(source_id, self.stream, self._failed)
        self.failures.resolve(
            [row.document.document_id for row in self._rows]
            + [skip.entry.document_id for skip in self._skips]
            + [*self.gone, *self.vanished],
        )
        self.versions |= {row.document.document_id: row.document.version for row in self._rows}
        counts = self.counts
        counts.failed += len(self._failed)
        counts.bytes += sum(len(row.document.text.encode()) for row in self._rows)
        counts.secrets += sum(row.secrets for row in self._rows)
        counts.skipped.update(skip.reason for skip in self._skips)
        self._rows, self._skips, self._failed, self._characters = [], [], [], 0

    def _is_stored(self, document: Document) -> bool:
        row = self.stored.get(document.document_id)
        return row is not None and row == StoredDocument(
            document.version, document.content_hash, RULES_VERSION
        )


def listing_row(entry: ListingEntry, reason: SkipReason | None) -> ListingRow:
    """The entry as the `listings` table keeps it."""
    return ListingRow(entry.document_id, entry.key, entry.version, reason, entry.size)
