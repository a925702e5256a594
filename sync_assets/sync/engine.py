"""One sync of one source's stream: list, bring documents in, index them.

The three steps are separate so that each can be a Dagster asset, even in its own process: what
passes between them lies in the stores (the listing or its watermark, the documents written). Every
step may be killed and repeated; the cursor moves only when the index equals the listing.
"""

import sys
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace

from sync_assets.connectors.base import Connector, Hint, Session, Size, Stream
from sync_assets.control.cursors import Cursor
from sync_assets.control.leases import Lease
from sync_assets.control.pending import PendingListing
from sync_assets.errors import RateLimited, SourceUnavailable
from sync_assets.models import (
    DocumentsReport,
    IndexReport,
    ListReport,
    Source,
    SyncMode,
    SyncReport,
)
from sync_assets.redaction import RULES_VERSION
from sync_assets.stores import Stores
from sync_assets.sync.batches import BatchCounts, fetch_in_batches
from sync_assets.sync.diff import plan_documents, plan_index, remembered_reason
from sync_assets.sync.fetching import DocumentSink, listing_row, prepare
from sync_assets.sync.hinted import look
from sync_assets.sync.indexing import INDEXED_BY, ChunkSink
from sync_assets.sync.joining import amended, is_behind
from sync_assets.sync.listings import StreamListings, deferred_listing
from sync_assets.sync.progress import Progress, silent
from sync_assets.sync.settling import held_deletes, settle


def lease_name(source: Source, stream: str) -> str:
    """One writer at a time is let at a source's stream."""
    return f"{source.source_id}/{stream}"


class StreamSync:
    """One source's stream, being synced.

    `force` names documents that are fetched and indexed though they look unchanged (repair). A
    `session` that the caller opened is used for all steps; else each step opens what it needs.
    Raises SourceError where the source cannot serve, LeaseHeld where another process writes;
    single documents that fail become rows of `failures`. Where the vendor asks us to wait, what was
    fetched is stored, the report says until when, and no step calls the vendor before that.

    Where `make_way` says that something waits which is more urgent, each step stops after the batch
    at hand; the next sync goes on from there. An `urgent` one does not bring in what is pending, if
    that is much, but only what it sees to have changed since.
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
        make_way: Callable[[], bool] = lambda: False,
        urgent: bool = False,
    ) -> None:
        self.stores = stores
        self.source = source
        self.connector = connector
        self.stream = stream
        self.progress = progress
        self.force = force
        self.make_way = make_way
        self.urgent = urgent
        self._key = (source.source_id, stream.name)
        self._session = session
        self._listings = StreamListings(stores, source, stream, force=bool(force))

    def list(self, mode: SyncMode, hints: Sequence[Hint] = ()) -> ListReport:
        """See what exists now, and remember how far the next steps have to go. With `hints`, no
        more than what they name, unless more is due or one of them is empty, which names nothing.
        """
        started = time.monotonic()
        stores, listings = self.stores, self._listings
        if (waits := self.waits(mode)) is not None:
            return waits
        if self.make_way():
            self._keep_in_mind(mode)
            return ListReport(unchanged=False, watermark="", complete=False, made_way=True)
        with self._lease() as lease, self.opened() as session:
            cursor = stores.cursors.get(*self._key)
            begun_at = stores.clock()
            since, earlier = listings.since(mode, cursor)
            hurry = (
                self.urgent
                and earlier is not None
                and is_behind(earlier, stores.reader.listing_stored(*self._key))
            )
            session.knows(lambda: self._known(earlier))
            page = stores.learned.get(*self._key).get("page")
            if page is not None:
                session.pages.begin(page)
            # What is pending, or was put off, is owed a look at everything.
            owed = (earlier is not None and not hurry) or cursor.deferred_until is not None
            try:
                listing, alone = look(session, since, hints, owed=owed)
            except RateLimited as limited:
                lease.check()
                # Put off twice, hints may never be read in one go; a complete listing goes on.
                again = any(hints) and cursor.deferred_until is not None
                return self.put_off(limited, "full" if again else mode)
            except SourceUnavailable:
                if not session.relists:
                    session.pages.timed_out()
                raise
            finally:
                self._learn("page", session.pages)
            lease.check()
            unchanged = earlier is None and since is not None and listings.knows(listing)
            if unchanged:
                listings.confirm(listing, cursor, begun_at)
            elif alone:
                # Of all else it says nothing, so the last look at everything stays what it is.
                listing = replace(listing, current=earlier is not None and earlier.current)
                at = cursor.listed_at or begun_at
                listings.take(listing, earlier, at, keep=True, hurry=hurry)
            else:
                keep = not session.relists
                listings.take(listing, earlier, begun_at, keep=keep, hurry=hurry)
        return ListReport(
            unchanged=unchanged,
            watermark=listing.watermark,
            complete=listing.complete,
            listed=len(listing.entries),
            excluded=listing.excluded,
            seconds=time.monotonic() - started,
        )

    def waits(self, mode: SyncMode) -> ListReport | None:
        """What `list` reports where the vendor's time has not come; no session is needed for it."""
        cursor = self.stores.cursors.get(*self._key)
        if cursor.deferred_until is None or cursor.deferred_until <= self.stores.clock():
            return None
        self._keep_in_mind(mode)
        return deferred_listing(cursor)

    def put_off(self, limited: RateLimited, mode: SyncMode) -> ListReport:
        """The vendor limits us before anything is listed: until when, is kept and reported."""
        self._keep_in_mind(mode)
        return deferred_listing(self._listings.defer(limited))

    def sync_documents(self) -> DocumentsReport:
        """Fetch what is new or changed into the `documents` table, in batches."""
        started = time.monotonic()
        stores, settings = self.stores, self.stores.settings
        counts = BatchCounts()
        most = min(settings.batch_documents, self.stream.batch_documents or sys.maxsize)
        size = Size(most, stores.learned.get(*self._key).get("batch"))
        deferred = Cursor(*self._key)
        with self._lease() as lease, self.opened() as session:
            pending = self._listings.pending(self.opened)
            listing = pending.listing
            listed = stores.reader.listing_stored(*self._key)
            stored = stores.reader.documents_stored(*self._key)
            plan = plan_documents(
                listing.entries,
                stored,
                listed,
                redaction=RULES_VERSION,
                force=self.force,
            )
            writer = stores.writer(lease)
            doubted = [entry for entry in plan.fetch if remembered_reason(entry, listed)]
            if doubted:
                writer.note_listed(*self._key, [listing_row(entry, None) for entry in doubted])
            kept = {key: row for key, row in stored.items() if key not in self.force}
            sink = DocumentSink(writer, stores.failures, self.source, self.stream.name, kept)
            wanted = [entry for entry in plan.fetch if pending.wants(entry.document_id)]
            fetched = fetch_in_batches(
                lambda batch: prepare(session, batch, listing.watermark),
                wanted,
                size=size,
                in_flight=settings.batches_in_flight,
                counts=counts,
                stop=self.make_way,
            )
            try:
                for items in fetched:
                    sink.take(items)
                    self.progress("fetch", counts.processed, len(wanted))
            except RateLimited as limited:
                deferred = self._listings.defer(limited)
            finally:
                sink.commit()
                self._learn("batch", size)
                found = amended(pending, sink.versions, sink.gone, sink.vanished)
                self._listings.amend(found, lease)
            if counts.stopped:
                lease.check()
                self._listings.keep(found)
        return DocumentsReport(
            added=plan.added,
            changed=plan.changed,
            moved=plan.moved,
            unchanged=plan.unchanged,
            skipped=dict(sorted((plan.skipped + sink.counts.skipped).items())),
            fetched=len(sink.versions),
            failed=sink.counts.failed,
            bytes=sink.counts.bytes,
            secrets_redacted=sink.counts.secrets,
            gone=len(sink.gone) + len(sink.vanished),
            batches=counts.summary(),
            deferred_until=deferred.deferred_until,
            deferred_because=deferred.deferred_because,
            made_way=counts.stopped,
            seconds=time.monotonic() - started,
        )

    def index_documents(self) -> IndexReport:
        """Chunk, embed and index what changed; then delete, then record the listing."""
        started = time.monotonic()
        stores = self.stores
        with self._lease() as lease:
            pending = self._listings.pending(self.opened)
            listing = pending.listing
            reader, writer = stores.reader, stores.writer(lease)
            documents = reader.documents_stored(*self._key)
            listed = reader.listing_stored(*self._key)
            chunks = reader.chunks_stored(*self._key)
            plan = plan_index(
                listing.entries,
                documents,
                chunks,
                listed,
                complete=listing.complete,
                redaction=RULES_VERSION,
                chunker=INDEXED_BY,
                scope=self.source.scope,
                force=self.force,
                gone=listing.gone,
                vanished=pending.vanished,
            )
            sink = ChunkSink(
                stores, writer, self.source, self.connector, self.stream.name, self.progress
            )
            wanted = [key for key in plan.index if pending.wants(key)]
            reuse = () if self.force else chunks
            if not sink.index(wanted, reuse=reuse, stop=self.make_way):
                lease.check()
                self._listings.keep(pending)
                return self._indexed(started, sink, made_way=True, left=True)
            if pending.urgent is not None:
                now = pending.urgent.intersection([*plan.gone, *plan.unsearchable])
                writer.delete_documents(*self._key, now)
                self._listings.amend(replace(pending, urgent=None), lease)
                return self._indexed(
                    started, sink, documents=len(wanted), documents_deleted=len(now), left=True
                )
            # A document that was fetched just now says nothing of how much a listing lost.
            known = documents.keys() & listed.keys() if listed else documents.keys()
            lease.check()
            held = held_deletes(
                stores, self.source, self.stream, pending, plan, known=len({*known, *plan.absent})
            )
            absent: Collection[str] = (
                () if held else self._confirmed(plan.absent, listing.watermark)
            )
            if not held and len(absent) < len(plan.absent):
                left = pending.vanished.union(plan.absent).difference(absent)
                pending = replace(pending, vanished=left)
            gone = {*plan.unsearchable, *plan.moved, *plan.gone, *absent}
            writer.delete_documents(*self._key, gone)
            seen = [
                listing_row(entry, entry.reason or remembered_reason(entry, listed))
                for entry in listing.entries
            ]
            writer.write_listing(*self._key, seen, whole=listing.complete, without=listing.gone)
            lease.check()
            basis = self._listings.basis
            settle(stores, self.source, self.stream, pending, plan, basis=basis, held=held)
        return self._indexed(
            started,
            sink,
            documents=len(plan.index),
            documents_deleted=len(gone),
            documents_held=held,
            failures=len(plan.unfetched),
        )

    def _indexed(self, started: float, sink: ChunkSink, **rest: int) -> IndexReport:
        report = {**asdict(sink.counts), **rest, "seconds": time.monotonic() - started}
        return IndexReport.model_validate(report)

    def _known(self, earlier: PendingListing | None) -> Mapping[str, str]:
        """Document -> its version, stored or on its way."""
        stored = self.stores.reader.documents_stored(*self._key)
        known = {key: row.version for key, row in stored.items()}
        if earlier is not None:
            known |= {entry.document_id: entry.version for entry in earlier.listing.entries}
        return known

    def _keep_in_mind(self, mode: SyncMode) -> None:
        """A full sync that has to wait is not forgotten meanwhile."""
        if mode == "full":
            self.stores.cursors.want_sweep(*self._key, self.stores.clock())

    def _learn(self, kind: str, size: Size) -> None:
        """Keep what is less than the default; forget what has grown back."""
        begin = size.next_time()
        self.stores.learned.set(*self._key, kind, None if begin == size.most else begin)

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

    def _confirmed(self, absent: Collection[str], watermark: str) -> Collection[str]:
        """Those that are gone for certain."""
        if not absent:
            return absent
        keys = self.stores.reader.keys(absent)
        with self.opened() as session:
            confirmed = session.confirm_gone(keys, watermark)
        return {*confirmed, *(key for key in absent if key not in keys)}

    @contextmanager
    def _lease(self) -> Generator[Lease]:
        name = lease_name(self.source, self.stream.name)
        with self.stores.leases.hold(name, self.stores.settings.lease_seconds) as lease:
            yield lease


def sync_stream(sync: StreamSync, mode: SyncMode, hints: Sequence[Hint] = ()) -> SyncReport:
    """All three steps in a row; the last two are left out where nothing changed, or where the
    vendor asked us to wait before there was anything to index.
    """
    documents = index = None
    with ExitStack() as stack:
        listing = sync.waits(mode)
        if listing is None:
            try:
                stack.enter_context(sync.opened())
            except RateLimited as limited:
                listing = sync.put_off(limited, mode)
            else:
                listing = sync.list(mode, hints)
        if not listing.ends_sync:
            documents = sync.sync_documents()
        if documents is not None and not documents.ends_sync:
            index = sync.index_documents()
    return SyncReport(
        source_id=sync.source.source_id,
        stream=sync.stream.name,
        listing=listing,
        documents=documents,
        index=index,
    )
