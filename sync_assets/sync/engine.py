"""One sync of one source's stream: list, bring documents in, index them.

The three steps are separate so that each can be a Dagster asset, even in its own process: what
passes between them lies in the stores (the watermark listed, the documents written). Every step
may be killed and repeated; the cursor moves only when the index equals the listing.
"""

import json
import time
from collections.abc import Collection, Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict

from sync_assets.chunking.chunk import CHUNKER_VERSION
from sync_assets.connectors.base import Connector, Session, Stream
from sync_assets.control.leases import Lease
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
from sync_assets.sync.deletes import deletion_digest, may_delete
from sync_assets.sync.diff import IndexPlan, plan_documents, plan_index, remembered_reason
from sync_assets.sync.fetching import DocumentSink, listing_row, prepare
from sync_assets.sync.indexing import ChunkSink
from sync_assets.sync.progress import Progress, silent

MAINTENANCE_LEASE = "index/maintenance"
"""The lease of whoever compacts and indexes the tables."""


def lease_name(source: Source, stream: str) -> str:
    """One writer at a time is let at a source's stream."""
    return f"{source.source_id}/{stream}"


class StreamSync:
    """One source's stream, being synced.

    `force` names documents that are fetched and indexed though they look unchanged (repair).
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
    ) -> None:
        self.stores = stores
        self.source = source
        self.connector = connector
        self.stream = stream
        self.progress = progress
        self.force = force
        self._key = (source.source_id, stream.name)
        self._listing: Listing | None = None

    def list(self, mode: SyncMode) -> ListReport:
        """See what exists now, and remember how far the next steps have to go."""
        started = time.monotonic()
        stores, basis = self.stores, self.basis
        with self._lease() as lease, self._session() as session:
            cursor = stores.cursors.get(*self._key)
            settled = (
                mode == "incremental"
                and not self.force
                and (cursor.watermark, cursor.basis) == (cursor.listed_watermark, basis)
                and stores.reader.is_present()
            )
            begun_at = stores.clock()
            listing = session.list(cursor.watermark if settled else None)
            lease.check()
            if listing.unchanged:
                if cursor.proven:
                    stores.cursors.set_verified(*self._key, begun_at)
            else:
                self._listing = listing
                stores.cursors.set_listed(*self._key, listing.watermark, at=begun_at)
        return ListReport(
            unchanged=listing.unchanged,
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
        with self._lease() as lease, self._session() as session:
            listing = self._listed(session)
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
                size=settings.batch_documents,
                in_flight=settings.batches_in_flight,
                counts=counts,
            )
            try:
                for items in fetched:
                    sink.take(items)
                    self.progress("fetch", counts.processed, len(plan.fetch))
            finally:
                sink.commit()
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
        with self._lease() as lease, self._session() as session:
            listing = self._listed(session)
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
            )
            sink = ChunkSink(
                stores, writer, self.source, self.connector, self.stream.name, self.progress
            )
            sink.index(plan.index, trust_stored_vectors=not self.force)
            # A document that was fetched just now says nothing of how much a listing lost.
            known = documents.keys() & listed.keys() if listed else documents.keys()
            lease.check()
            held = self._held(listing, plan, stored=len({*known, *plan.absent}))
            gone = {*plan.unsearchable, *plan.moved, *(() if held else plan.absent)}
            writer.delete_documents(*self._key, gone)
            if listing.complete:
                seen = [
                    listing_row(entry, entry.reason or remembered_reason(entry, listed))
                    for entry in listing.entries
                ]
                writer.write_listing(*self._key, seen)
            lease.check()
            self._settle(listing, plan, held=held)
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

    def _settle(self, listing: Listing, plan: IndexPlan, *, held: int) -> None:
        """Bring ledger and cursor to what was done: the cursor passes nothing that is open."""
        stores = self.stores
        behind = stores.failures.outstanding(*self._key)
        if listing.complete:
            stores.failures.resolve([*behind.difference(plan.unfetched)])
            if not held:
                stores.approvals.supersede(*self._key)
        elif behind or stores.approvals.standing(*self._key):
            return  # what is open was not listed, so nothing is known of it
        if held:
            return
        if plan.unfetched:
            # The cursor stays, but an edit's leave for large deletes is used up.
            stores.cursors.set_basis(*self._key, f"{self.source.generation}:")
        else:
            stores.cursors.set_indexed(
                *self._key, listing.watermark, self.basis, verified=listing.complete
            )

    def _held(self, listing: Listing, plan: IndexPlan, *, stored: int) -> int:
        """How many deletes the valve holds; those wait in `approvals`."""
        absent, approvals = plan.absent, self.stores.approvals
        if not absent:
            return 0
        proposal = deletion_digest(absent)
        basis = self.stores.cursors.get(*self._key).basis
        if may_delete(
            absent,
            stored,
            content_proven=listing.content_proven,
            asked=basis is not None and not basis.startswith(f"{self.source.generation}:"),
            approved=approvals.is_approved(*self._key, proposal),
            pending=approvals.standing(*self._key) is not None,
        ):
            return 0
        keys = sorted(self.stores.reader.keys(absent).values())
        approvals.hold(*self._key, proposal, total=stored, keys=keys)
        return len(absent)

    def _index_tables(self) -> None:
        """Full text splits identifiers only through its index: have one from the first sync on."""
        stores = self.stores
        # Where maintenance holds the lease, it is making these very indexes.
        with (
            suppress(LeaseHeld),
            stores.leases.hold(MAINTENANCE_LEASE, stores.settings.lease_seconds) as lease,
        ):
            ensure_indexes(stores.reader.index, lease.check)

    def _listed(self, session: Session) -> Listing:
        """The listing that the last `list` step took, from here or from another process."""
        watermark = self.stores.cursors.get(*self._key).listed_watermark
        if watermark is None:
            raise SyncAssetsError(f"{self.source.source_id}: nothing is listed yet: run a sync")
        if self._listing is None or self._listing.watermark != watermark:
            self._listing = session.relist(watermark)
        return self._listing

    @contextmanager
    def _session(self) -> Generator[Session]:
        stores, name = self.stores, self.stream.name
        with self.connector.open(self.source, [name], stores.settings, stores.http) as sessions:
            yield sessions[name]

    @contextmanager
    def _lease(self) -> Generator[Lease]:
        name = lease_name(self.source, self.stream.name)
        with self.stores.leases.hold(name, self.stores.settings.lease_seconds) as lease:
            yield lease


def sync_stream(sync: StreamSync, mode: SyncMode) -> SyncReport:
    """All three steps in a row; the last two are left out where nothing changed."""
    listing = sync.list(mode)
    documents = None if listing.unchanged else sync.sync_documents()
    return SyncReport(
        source_id=sync.source.source_id,
        stream=sync.stream.name,
        listing=listing,
        documents=documents,
        index=None if documents is None else sync.index_documents(),
    )
