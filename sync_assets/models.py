"""The nouns that every layer shares: sources, listings, documents, chunks, reports.

Engine values are frozen dataclasses (many, short-lived); answers that leave the process as JSON
are frozen pydantic models, each held by a golden test. Times are aware UTC.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, JsonValue

SourceStatus = Literal["active", "paused", "error", "removing"]
SyncMode = Literal["incremental", "full"]
Stale = Literal["true", "false", "unknown"]
ApprovalState = Literal["held", "approved", "rejected", "superseded"]
AlertEvent = Literal["error", "recovered"]
SkipReason = Literal[
    "symlink", "submodule", "lfs_pointer", "binary", "too_large", "not_utf8", "name_not_utf8"
]
"""Why a document that exists at the source is not searchable."""


class Answer(BaseModel):
    """Base of everything that is printed as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Answer):
    """A registered instance of a connector; one Dagster partition, whose key is `scope`.

    `identity` never changes once registered (document ids rest on it), so that a renamed
    repository keeps its rows. `generation` grows with every edit of scope or settings: an
    operator's edit is what allows a large delete. After a failed run, no schedule starts one before
    `next_try_at`.
    """

    source_id: str
    connector: str
    scope: str
    identity: str
    settings: dict[str, JsonValue]
    cron: str
    status: SourceStatus
    generation: int
    created_at: datetime
    last_sync_at: datetime | None = None
    last_success_at: datetime | None = None
    last_error: str | None = None
    failures_in_a_row: int = 0
    next_try_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListingEntry:
    """One document that exists at the source now.

    `version` changes exactly when the content does. `reason` is set where the listing alone shows
    that the document is not searchable. `size` is in bytes, where known. `locator` is the
    connector's own handle for fetching (a blob id), stored only while its listing is kept.
    """

    document_id: str
    key: str
    version: str
    locator: str
    size: int | None = None
    reason: SkipReason | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What exists at the source, as of `watermark` (the connector's own JSON text).

    `complete`: every document is in `entries`; only then may absence mean deletion. Else it is a
    changes listing: `entries` are the documents touched since the watermark asked about, as they
    are now. `current`: with these stored, the index is up to date as far as the vendor's feeds
    show. `gone` are ids of documents that the vendor said outright no longer exist (410, moved
    away): they are deleted at once. `unchanged`: nothing moved since the watermark asked about, as
    the whole (`complete`) or the feeds show; `entries` is then empty and means nothing.
    `content_proven`: completeness follows from content hashes (a git tree), so that no
    approval is needed for large deletes. `excluded` counts what patterns left out.
    """

    watermark: str
    entries: Sequence[ListingEntry] = ()
    unchanged: bool = False
    complete: bool = True
    content_proven: bool = False
    excluded: int = 0
    current: bool = False
    gone: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One thing a person would link to. `text` is what is searched; `url` points at `version`."""

    document_id: str
    key: str
    version: str
    title: str
    url: str
    text: str
    path: str | None = None
    author: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    metadata: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])

    @property
    def content_hash(self) -> str:
        """32 hex digits over the searchable text."""
        return digest(self.text)


LinkKind = Literal["is", "closes", "mentions", "touches", "contains", "runs"]
"""`is`: a name of the document itself; `contains` and `runs`: of a commit."""


@dataclass(frozen=True, slots=True)
class Link:
    """From a document to what it names; `target` is in the one spelling of `links`."""

    kind: LinkKind
    target: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Fetching showed that the document is not searchable."""

    entry: ListingEntry
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """One document could not be fetched; the rest of its batch stands."""

    entry: ListingEntry
    error: Exception


@dataclass(frozen=True, slots=True)
class Gone:
    """The document went between listing and fetching. `confirmed`: the vendor said so outright, and
    it is deleted at once; else the next complete listing decides.
    """

    entry: ListingEntry
    confirmed: bool = False


Fetched = Document | Skip | FetchFailure | Gone
"""A document may be newer than its entry: `Document.version` is what was read."""


class Chunk(NamedTuple):
    """A span of a document: what is embedded and found.

    Lines are 1-based and inclusive. `text` is exactly the document's text of those lines (or of
    `start_char:end_char`, code points, where a line itself had to be cut). `header` (path, symbol,
    heading path, title) is found by full text and is never embedded.
    """

    chunk_id: str
    position: int
    start_line: int
    end_line: int
    start_char: int
    end_char: int
    text: str
    header: str
    content_hash: str
    symbol: str | None = None


def digest(*parts: str | bytes) -> str:
    """32 hex digits of blake2b over the parts, each prefixed by its length."""
    pieces: list[bytes] = []
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        pieces += (len(data).to_bytes(8, "big"), data)
    return hashlib.blake2b(b"".join(pieces), digest_size=16).hexdigest()


def document_id(connector: str, identity: str, stream: str, vendor_id: str | bytes) -> str:
    """The id of a document: stable for as long as the vendor's id (for a file: path bytes) is."""
    return digest(connector, identity, stream, vendor_id)


def chunk_id(document: str, content_hash: str, occurrence: int) -> str:
    """The id of a chunk: unchanged text keeps its id wherever it moves inside its document."""
    return digest(document, content_hash, str(occurrence))


class BatchSummary(Answer):
    """Batches of documents: `processed` documents in `batches`, some failed as a whole."""

    batches: int = 0
    succeeded: int = 0
    failed: int = 0
    processed: int = 0


class ListReport(Answer):
    """What listing saw. `unchanged`: the source stands where it was last indexed. `complete`: all
    that exists was listed, not only what changed. `deferred_until`: the vendor asked us to wait.
    `made_way`: what is more urgent goes first, and this is taken up again later.
    """

    unchanged: bool
    watermark: str
    complete: bool = True
    listed: int = 0
    excluded: int = 0
    deferred_until: datetime | None = None
    deferred_because: str | None = None
    made_way: bool = False
    seconds: float = 0

    @property
    def ends_sync(self) -> bool:
        """Whether there is nothing to fetch, or not yet."""
        return self.unchanged or self.made_way or self.deferred_until is not None


class DocumentsReport(Answer):
    """What fetching did. `skipped` counts by reason all that is listed and not searchable;
    `fetched` documents were read and are stored, not all where the vendor asked us to wait, or we
    `made_way`.
    """

    added: int = 0
    changed: int = 0
    moved: int = 0
    unchanged: int = 0
    skipped: dict[str, int] = {}
    fetched: int = 0
    failed: int = 0
    gone: int = 0
    bytes: int = 0
    secrets_redacted: int = 0
    batches: BatchSummary = BatchSummary()
    deferred_until: datetime | None = None
    deferred_because: str | None = None
    made_way: bool = False
    seconds: float = 0

    @property
    def ends_sync(self) -> bool:
        """Whether we make way, or were asked to wait before there was anything to index."""
        return self.made_way or (self.deferred_until is not None and not self.fetched)


class IndexReport(Answer):
    """What indexing did. Texts are distinct chunk texts; `held` deletes wait for approval; links
    are dropped where one document has too many. `unparsed` are keys of documents that were cut by
    lines, because their syntax was too costly to parse. Where it `made_way`, or only what is urgent
    was brought in, the rest is `left` for later.
    """

    documents: int = 0
    documents_deleted: int = 0
    documents_held: int = 0
    chunks_written: int = 0
    links_written: int = 0
    links_dropped: int = 0
    texts_embedded: int = 0
    texts_kept: int = 0
    texts_cached: int = 0
    texts_split: int = 0
    tokens: int = 0
    unparsed: list[str] = []
    failures: int = 0
    made_way: bool = False
    left: bool = False
    seconds: float = 0


class SyncReport(Answer):
    """One sync of one source's stream; the last two are null where nothing had changed, or where
    the vendor asked us to wait.
    """

    source_id: str
    stream: str
    listing: ListReport
    documents: DocumentsReport | None = None
    index: IndexReport | None = None


DifferenceKind = Literal[
    "missing_document",
    "extra_document",
    "stale_document",
    "altered_document",
    "duplicate_document",
    "missing_chunk",
    "extra_chunk",
    "stale_chunk",
    "altered_chunk",
    "duplicate_chunk",
    "torn_document",
    "bad_vector",
    "altered_vector",
    "missing_link",
    "extra_link",
    "wrong_dimension",
    "foreign_fingerprint",
    "listing_row",
    "failed_document",
    "held_delete",
]


class Difference(Answer):
    """One way in which the index is not the source. `failed` and `held` are known and shown."""

    kind: DifferenceKind
    source_id: str
    stream: str
    document_id: str | None
    key: str | None
    detail: str


class VerifyReport(Answer):
    """An audit of one stream. `equal` means no difference at all."""

    source_id: str
    stream: str
    equal: bool
    documents: int
    chunks: int
    watermark: str
    repaired: int = 0
    differences: list[Difference]
    seconds: float


class Failure(Answer):
    """A document that could not be brought in; its last good version is still served."""

    source_id: str
    stream: str
    document_id: str
    key: str
    version: str
    error: str
    message: str
    attempts: int
    first_at: datetime
    last_at: datetime
    next_try_at: datetime


class Approval(Answer):
    """A delete of `proposed` out of `total` documents that waits for an operator.

    `digest` names the exact set of documents; `sample_keys` are the first of them.
    """

    approval_id: int
    source_id: str
    stream: str
    digest: str
    total: int
    proposed: int
    sample_keys: list[str]
    state: ApprovalState
    created_at: datetime
    decided_at: datetime | None = None


class DeploymentOutcome(Answer):
    """How a triggered deployment ended. `ready` is its only good end."""

    deployment: str
    url: str
    state: str
    error: str | None
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether it can serve now."""
        return self.state == "ready"
