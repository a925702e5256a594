"""One sync of one source's stream: list, bring documents in, index them.

The three steps are separate so that each can be a Dagster asset, even in its own process: what
passes between them lies in the stores (the listing or its watermark, the documents written). Every
step may be killed and repeated; the cursor moves only when the index equals the listing.
"""

import json
import sys
import time
from collections.abc import Collection, Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime

from sync_assets.chunking.chunk import CHUNKER_VERSION
from sync_assets.connectors.base import Connector, Session, Stream
from sync_assets.control.cursors import Cursor
from sync_assets.control.leases import Lease
from sync_assets.control.pending import PendingListing
from sync_assets.errors import LeaseHeld, SyncAssetsError
from sync_assets.index.maintenance import ensure_indexes
from sync_assets.models import (
    DocumentsReport,
    IndexReport,
    Listing,
    ListReport,
    Source,
    SyncMode,
    SyncReport,
    digest,
)
from sync_assets.redaction import RULES_VERSION
from sync_assets.stores import Stores
from sync_assets.sync.batches import BatchCounts, fetch_in_batches
from sync_assets.sync.diff import plan_documents, plan_index, remembered_reason
from sync_assets.sync.fetching import DocumentSink, listing_row, prepare
from sync_assets.sync.indexing import ChunkSink
from sync_assets.sync.joining import amended, shows_nothing_new, taken
from sync_assets.sync.progress import Progress, silent
from sync_assets.sync.settling import held_deletes, settle

MAINTENANCE_LEASE = "index/maintenance"
"""The lease of whoever compacts and indexes the tables."""


def lease_name(source: Source, stream: str) -> str:
    """One writer at a time is let at a source's stream."""
    return f"{source.source_id}/{stream}"


class StreamSync:
    """One source's stream, being synced.

    `force` names documents that are fetched and indexed though they look unchanged (repair). A
    `session` that the caller opened is used for all steps; else each step opens what it needs.
    Raises SourceError where the source cannot serve, LeaseHeld where another process writes;
    single documents that fail become rows of `failures`.
    """

    def __init__(
        self,
        stores: Stores,
        source: Source,
        connector: Connector,
        stream: Stream,
        *,
        progress: Progress = silent,
        force: Collection[str] = frozenset(),
        session: Session | None = None,
    ) -> None:
        self.stores = stores
        self.source = source
        self.connector = connector
        self.stream = stream
        self.progress = progress
        self.force = force
        self._key = (source.source_id, stream.name)
        self._session = session
        self._taken: PendingListing | None = None

    def list(self, mode: SyncMode) -> ListReport:
        """See what exists now, and remember how far the next steps have to go."""
        started = time.monotonic()
        stores = self.stores
        with self._lease() as lease, self.opened() as session:
            cursor = stores.cursors.get(*self._key)
            since, earlier = self._since(mode, cursor)
            begun_at = stores.clock()
            listing = session.list(since)
            lease.check()
            unchanged = earlier is None and (
                listing.unchanged or (since is not None and self._knows(listing))
            )
            if unchanged:
                self._confirm(listing, cursor, begun_at)
            else:
                self._taken = taken(listing, begun_at, self.basis, earlier)
                keep = None if session.relists else self._taken
                stores.cursors.set_listed(*self._key, listing.watermark, at=begun_at, keep=keep)
        return ListReport(
            unchanged=unchanged,
            watermark=listing.watermark,
            listed=len(listing.entries),
            excluded=listing.excluded,
            seconds=time.monotonic() - started,
        )

    def sync_documents(self) -> DocumentsReport:
        """Fetch what is new or changed into the `documents` table, in batches."""
        started = time.monotonic()
        stores, settings = self.stores, self.stores.settings
        counts = BatchCounts()
        with self._lease() as lease, self.opened() as session:
            pending = self._pending()
            listing = pending.listing
            listed = stores.reader.listing_stored(*self._key)
            plan = plan_documents(
                listing.entries,
                stores.reader.documents_stored(*self._key),
                listed,
                redaction=RULES_VERSION,
                force=self.force,
            )
            writer = stores.writer(lease)
            doubted = [entry for entry in plan.fetch if remembered_reason(entry, listed)]
            if doubted:
                writer.note_listed(*self._key, [listing_row(entry, None) for entry in doubted])
            sink = DocumentSink(writer, stores.failures, self.source, self.stream.name)
            fetched = fetch_in_batches(
                lambda batch: prepare(session, batch, listing.watermark),
                plan.fetch,
                size=min(settings.batch_documents, self.stream.batch_documents or sys.maxsize),
                in_flight=settings.batches_in_flight,
                counts=counts,
            )
            try:
                for items in fetched:
                    sink.take(items)
                    self.progress("fetch", counts.processed, len(plan.fetch))
            finally:
                sink.commit()
                self._amend(amended(pending, sink.versions, sink.gone, sink.vanished), lease)
        return DocumentsReport(
            added=plan.added,
            changed=plan.changed,
            moved=plan.moved,
            unchanged=plan.unchanged,
            skipped=dict(sorted((plan.skipped + sink.counts.skipped).items())),
            failed=sink.counts.failed,
            bytes=sink.counts.bytes,
            secrets_redacted=sink.counts.secrets,
            batches=counts.summary(),
            seconds=time.monotonic() - started,
        )

    def index_documents(self) -> IndexReport:
        """Chunk, embed and index what changed; then delete, then record the listing."""
        started = time.monotonic()
        stores = self.stores
        with self._lease() as lease:
            pending = self._pending()
            listing = pending.listing
            reader, writer = stores.reader, stores.writer(lease)
            documents = reader.documents_stored(*self._key)
            listed = reader.listing_stored(*self._key)
            plan = plan_index(
                listing.entries,
                documents,
                reader.chunks_stored(*self._key),
                listed,
                complete=listing.complete,
                redaction=RULES_VERSION,
                chunker=CHUNKER_VERSION,
                force=self.force,
                gone=listing.gone,
                vanished=pending.vanished,
            )
            sink = ChunkSink(
                stores, writer, self.source, self.connector, self.stream.name, self.progress
            )
            sink.index(plan.index, trust_stored_vectors=not self.force)
            # A document that was fetched just now says nothing of how much a listing lost.
            known = documents.keys() & listed.keys() if listed else documents.keys()
            lease.check()
            held = held_deletes(
                stores, self.source, self.stream, pending, plan, known=len({*known, *plan.absent})
            )
            gone = {*plan.unsearchable, *plan.moved, *plan.gone, *(() if held else plan.absent)}
            writer.delete_documents(*self._key, gone)
            seen = [
                listing_row(entry, entry.reason or remembered_reason(entry, listed))
                for entry in listing.entries
            ]
            writer.write_listing(*self._key, seen, whole=listing.complete, without=listing.gone)
            lease.check()
            settle(stores, self.source, self.stream, pending, plan, basis=self.basis, held=held)
        if sink.counts.chunks_written:
            self._index_tables()
        return IndexReport(
            documents=len(plan.index),
            documents_deleted=len(gone),
            documents_held=held,
            failures=len(plan.unfetched),
            seconds=time.monotonic() - started,
            **asdict(sink.counts),
        )

    @property
    def basis(self) -> str:
        """Names all but the source's own state that the index's content depends on.

        It begins with the source's generation: an operator's edit may delete at large.
        """
        settings = self.stores.settings
        rest = digest(
            json.dumps(self.source.settings, sort_keys=True),
            str(settings.max_file_bytes),
            str(RULES_VERSION),
            str(CHUNKER_VERSION),
            self.stores.embedder.fingerprint,
            settings.index_uri,
        )
        return f"{self.source.generation}:{rest}"

    @contextmanager
    def opened(self) -> Generator[Session]:
        """The session, for all steps inside the block; opened once."""
        if self._session is not None:
            yield self._session
            return
        stores, name = self.stores, self.stream.name
        with self.connector.open(self.source, [name], stores.settings, stores.http) as sessions:
            self._session = sessions[name]
            try:
                yield self._session
            finally:
                self._session = None

    def _since(self, mode: SyncMode, cursor: Cursor) -> tuple[str | None, PendingListing | None]:
        """From where to list, None for the whole; and the pending listing that this continues."""
        stores, now = self.stores, self.stores.clock()
        if mode == "full" or self.force:
            return None, None
        pending = stores.cursors.pending(*self._key)
        sweep_due = cursor.sweep_due_at is not None and cursor.sweep_due_at <= now
        if pending is not None:
            listing = pending.listing
            lasts = listing.complete or (not sweep_due and stores.reader.is_present())
            if pending.basis == self.basis and lasts:
                return listing.watermark, pending
            return None, None
        settled = (cursor.watermark, cursor.basis) == (cursor.listed_watermark, self.basis)
        if settled and not sweep_due and stores.reader.is_present():
            return cursor.watermark, None
        return None, None

    def _knows(self, listing: Listing) -> bool:
        """Whether a changes listing, which feeds give with an overlap, says nothing new."""
        if listing.complete:
            return False
        nothing = not listing.entries and not listing.gone
        return nothing or shows_nothing_new(listing, self.stores.reader.listing_stored(*self._key))

    def _confirm(self, listing: Listing, cursor: Cursor, begun_at: datetime) -> None:
        """The source is as it is in the index: all of it, or as far as the feeds show."""
        cursors, moved = self.stores.cursors, listing.watermark != cursor.watermark
        if cursor.proven and (listing.complete or listing.current):
            cursors.set_verified(
                *self._key, begun_at, watermark=listing.watermark, swept=listing.complete
            )
        elif moved:
            cursors.set_watermark(*self._key, listing.watermark)

    def _pending(self) -> PendingListing:
        """The listing that the last `list` step took, from here or from another process."""
        cursor = self.stores.cursors.get(*self._key)
        watermark = cursor.listed_watermark
        if watermark is None:
            raise SyncAssetsError(f"{self.source.source_id}: nothing is listed yet: run a sync")
        if self._taken is None or self._taken.listing.watermark != watermark:
            self._taken = self.stores.cursors.pending(*self._key) or self._relisted(cursor)
        return self._taken

    def _relisted(self, cursor: Cursor) -> PendingListing:
        """As the source gives it again: it was not kept, or is indexed already."""
        with self.opened() as session:
            if not session.relists:
                raise SyncAssetsError(f"{self.source.source_id}: nothing is to be brought in")
            listing = session.relist(cursor.listed_watermark or "")
        return PendingListing(
            listing, self.basis, current=listing.complete, swept_at=cursor.listed_at
        )

    def _amend(self, pending: PendingListing, lease: Lease) -> None:
        """Fetching found something else than was listed."""
        if pending is self._taken:
            return
        lease.check()
        self._taken = pending
        if self.stores.cursors.pending(*self._key) is not None:
            self.stores.cursors.amend(*self._key, pending)

    def _index_tables(self) -> None:
        """Full text splits identifiers only through its index: have one from the first sync on."""
        stores = self.stores
        # Where maintenance holds the lease, it is making these very indexes.
        with (
            suppress(LeaseHeld),
            stores.leases.hold(MAINTENANCE_LEASE, stores.settings.lease_seconds) as lease,
        ):
            ensure_indexes(stores.reader.index, lease.check)

    @contextmanager
    def _lease(self) -> Generator[Lease]:
        name = lease_name(self.source, self.stream.name)
        with self.stores.leases.hold(name, self.stores.settings.lease_seconds) as lease:
            yield lease


def sync_stream(sync: StreamSync, mode: SyncMode) -> SyncReport:
    """All three steps in a row; the last two are left out where nothing changed."""
    with sync.opened():
        listing = sync.list(mode)
        documents = None if listing.unchanged else sync.sync_documents()
        return SyncReport(
            source_id=sync.source.source_id,
            stream=sync.stream.name,
            listing=listing,
            documents=documents,
            index=None if documents is None else sync.index_documents(),
        )
