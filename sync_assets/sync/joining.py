"""Pure: a listing on its way into the index, and what later listings and fetches add to it."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from sync_assets.control.pending import PendingListing
from sync_assets.index.reader import StoredListing
from sync_assets.models import Listing

BACKLOG = 200
"""Documents on their way that what is urgent waits for."""


def taken(
    listing: Listing, begun_at: datetime, basis: str, earlier: PendingListing | None = None
) -> PendingListing:
    """The listing, begun at that time, joined to the `earlier` one that it continues.

    A complete listing replaces what was pending. Changes overlay it: with every touched document
    in its new version, a complete listing stays complete.
    """
    current = listing.complete or listing.current
    if listing.complete and not listing.unchanged:
        return PendingListing(listing, basis, current=current, swept_at=begun_at)
    if earlier is None:
        return PendingListing(listing, basis, current=current)
    before = earlier.listing
    touched = {entry.document_id for entry in listing.entries}
    dropped = touched.union(listing.gone)
    return replace(
        earlier,
        listing=replace(
            before,
            watermark=listing.watermark,
            entries=[
                *(entry for entry in before.entries if entry.document_id not in dropped),
                *listing.entries,
            ],
            gone=[*{*before.gone, *listing.gone} - touched],
            excluded=max(before.excluded, listing.excluded),
        ),
        current=current,
        vanished=earlier.vanished - dropped,
        urgent=None,
    )


def overlaid(listing: Listing, touched: Listing) -> Listing:
    """A changes listing, and what was read by name after it."""
    present = {entry.document_id for entry in touched.entries}
    dropped = present.union(touched.gone)
    kept = [entry for entry in listing.entries if entry.document_id not in dropped]
    return replace(
        listing,
        watermark=touched.watermark,
        entries=[*kept, *touched.entries],
        gone=[*{*listing.gone, *touched.gone} - present],
        unchanged=listing.unchanged and not dropped,
    )


def hurried(pending: PendingListing, listing: Listing, earlier: PendingListing) -> PendingListing:
    """The joined listing, of which only what `listing` shows to have changed since the `earlier`
    one is to be brought in now; what was urgent then still is.
    """
    before = {entry.document_id: entry.version for entry in earlier.listing.entries}
    changed = {
        entry.document_id
        for entry in listing.entries
        if not listing.complete or before.get(entry.document_id) != entry.version
    }
    return replace(pending, urgent=changed.union(listing.gone, earlier.urgent or ()))


def is_behind(pending: PendingListing, listed: Mapping[str, StoredListing]) -> bool:
    """Whether bringing in what is pending would make what is urgent wait; `listed` is the last
    listing that the index holds.
    """
    versions = {key: row.version for key, row in listed.items()}
    entries = pending.listing.entries
    return sum(versions.get(each.document_id) != each.version for each in entries) > BACKLOG


def amended(
    pending: PendingListing,
    versions: Mapping[str, str],
    gone: Collection[str],
    vanished: Collection[str],
) -> PendingListing:
    """The listing with what fetching found: documents of a newer version than listed, those that
    are `gone` for certain, those that merely `vanished`. The same object where nothing differs.
    """
    listing = pending.listing
    left = {*gone, *vanished}
    if not left and all(
        versions.get(entry.document_id, entry.version) == entry.version for entry in listing.entries
    ):
        return pending
    entries = [
        replace(entry, version=versions.get(entry.document_id, entry.version))
        for entry in listing.entries
        if entry.document_id not in left
    ]
    return replace(
        pending,
        listing=replace(listing, entries=entries, gone=[*{*listing.gone, *gone}]),
        vanished=pending.vanished.union(vanished),
    )


def shows_nothing_new(listing: Listing, listed: Mapping[str, StoredListing]) -> bool:
    """Whether a changes listing says only what the index, which holds all of an earlier listing,
    has on record: feeds are read with an overlap.
    """
    return (
        not listing.complete
        and listed.keys().isdisjoint(listing.gone)
        and all(
            row is not None
            and row.version == entry.version
            and (entry.reason is None or entry.reason == row.reason)
            for entry in listing.entries
            for row in [listed.get(entry.document_id)]
        )
    )
