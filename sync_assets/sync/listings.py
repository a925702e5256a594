"""The listings of one stream: from where to ask, what is on its way into the index, what waits."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from sync_assets.connectors.base import Session, Stream
from sync_assets.control.cursors import Cursor
from sync_assets.control.leases import Lease
from sync_assets.control.pending import PendingListing
from sync_assets.errors import RateLimited, SyncAssetsError
from sync_assets.models import Listing, ListReport, Source, SyncMode, digest
from sync_assets.redaction import RULES_VERSION
from sync_assets.settings import Settings
from sync_assets.stores import Stores
from sync_assets.sync.indexing import INDEXED_BY
from sync_assets.sync.joining import hurried, shows_nothing_new, taken

WAIT_SECONDS = 300
"""How long to wait where a vendor that limits us does not say how long."""


def basis_of(source: Source, settings: Settings, fingerprint: str) -> str:
    """Names all but the source's own state that the index's content depends on; `fingerprint` is
    the model's.

    It begins with the source's generation: an operator's edit may delete at large.
    """
    rest = digest(
        json.dumps(source.settings, sort_keys=True),
        str(settings.max_file_bytes),
        str(RULES_VERSION),
        str(INDEXED_BY),
        fingerprint,
        settings.index_uri,
    )
    return f"{source.generation}:{rest}"


def goes_on(cursor: Cursor, basis: str, now: datetime, *, pending: bool) -> bool:
    """Whether the next listing begins where the last one ended, as far as this tells: a sync that
    lists everything takes its time. `pending`: the last one is kept, and what is urgent overtakes
    it. See `StreamListings.since`.
    """
    if cursor.sweep_due_at is not None and cursor.sweep_due_at <= now:
        return False
    if pending:
        return cursor.basis in {None, basis}
    if cursor.listed_watermark is None:
        return False
    return (cursor.watermark, cursor.basis) == (cursor.listed_watermark, basis)


class StreamListings:
    """What one sync of a stream knows of its listings. `force`: what stands is not trusted."""

    def __init__(self, stores: Stores, source: Source, stream: Stream, *, force: bool) -> None:
        self._stores = stores
        self._source = source
        self._force = force
        self._key = (source.source_id, stream.name)
        self._taken: PendingListing | None = None

    @property
    def basis(self) -> str:
        """Of the source, today."""
        return basis_of(self._source, self._stores.settings, self._stores.embedder.fingerprint)

    def since(self, mode: SyncMode, cursor: Cursor) -> tuple[str | None, PendingListing | None]:
        """From where to list, None for the whole; and the pending listing that this continues.

        What is pending goes on where it was: its entries are at hand, and changes overlay it. A
        sweep that is due starts anew, unless it is the one that is pending.
        """
        stores = self._stores
        if mode == "full" or self._force:
            return None, None
        pending = stores.cursors.pending(*self._key)
        sweep_due = cursor.sweep_due_at is not None and cursor.sweep_due_at <= stores.clock()
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

    def knows(self, listing: Listing) -> bool:
        """Whether a listing says nothing new to an index that holds all of the one before: feeds
        are read with an overlap.
        """
        if listing.unchanged:
            return True
        if listing.complete:
            return False
        if not listing.entries and not listing.gone:
            return True
        return shows_nothing_new(listing, self._stores.reader.listing_stored(*self._key))

    def confirm(self, listing: Listing, cursor: Cursor, begun_at: datetime) -> None:
        """The source is as it is in the index: all of it, or as far as the feeds show."""
        cursors = self._stores.cursors
        if cursor.proven and (listing.complete or listing.current):
            cursors.set_verified(
                *self._key, begun_at, watermark=listing.watermark, swept=listing.complete
            )
        elif listing.watermark != cursor.watermark or cursor.deferred_until:
            cursors.set_watermark(*self._key, listing.watermark)

    def take(
        self,
        listing: Listing,
        earlier: PendingListing | None,
        begun_at: datetime,
        *,
        keep: bool,
        hurry: bool = False,
    ) -> None:
        """The listing is to be brought in; `keep` it where it costs calls to have it again. Where
        there is `hurry`, only what it shows to be new since the `earlier` one.
        """
        self._taken = taken(listing, begun_at, self.basis, earlier)
        if hurry and earlier is not None:
            self._taken, keep = hurried(self._taken, listing, earlier), True
        self._stores.cursors.set_listed(
            *self._key, listing.watermark, at=begun_at, keep=self._taken if keep else None
        )

    def pending(self, opened: Callable[[], AbstractContextManager[Session]]) -> PendingListing:
        """The listing that the last `list` step took, from here or from another process."""
        cursors, name = self._stores.cursors, self._source.source_id
        cursor = cursors.get(*self._key)
        watermark = cursor.listed_watermark
        if watermark is None:
            raise SyncAssetsError(f"{name}: nothing is listed yet: run a sync")
        if self._taken is not None and self._taken.listing.watermark == watermark:
            return self._taken
        self._taken = cursors.pending(*self._key)
        if self._taken is None:
            with opened() as session:
                if not session.relists:
                    raise SyncAssetsError(f"{name}: nothing is to be brought in: run a sync")
                listing = session.relist(watermark)
            self._taken = PendingListing(
                listing, self.basis, current=listing.complete, swept_at=cursor.listed_at
            )
        return self._taken

    def amend(self, pending: PendingListing, lease: Lease) -> None:
        """Fetching found something else than was listed."""
        if pending is self._taken:
            return
        lease.check()
        self._taken = pending
        self._stores.cursors.amend(*self._key, pending)

    def keep(self, pending: PendingListing) -> None:
        """We make way: what changes meanwhile is told from this."""
        cursor = self._stores.cursors.get(*self._key)
        at = cursor.listed_at or self._stores.clock()
        self._stores.cursors.set_listed(*self._key, pending.listing.watermark, at=at, keep=pending)

    def defer(self, limited: RateLimited) -> Cursor:
        """Nothing more of this stream until the vendor lets us; others may go on."""
        cursors = self._stores.cursors
        until = limited.retry_at or self._stores.clock() + timedelta(seconds=WAIT_SECONDS)
        cursors.set_deferred(*self._key, until, str(limited))
        return cursors.get(*self._key)


def deferred_listing(cursor: Cursor) -> ListReport:
    """What a listing that has to wait reports."""
    return ListReport(
        unchanged=False,
        watermark=cursor.watermark or "",
        complete=False,
        deferred_until=cursor.deferred_until,
        deferred_because=cursor.deferred_because,
    )
