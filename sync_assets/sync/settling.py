"""How a sync ends: what the delete valve lets go, and how far the cursor may move."""

from sync_assets.connectors.base import Stream
from sync_assets.control.pending import PendingListing
from sync_assets.models import Source
from sync_assets.stores import Stores
from sync_assets.sync.deletes import deletion_digest, may_delete
from sync_assets.sync.diff import IndexPlan


def held_deletes(
    stores: Stores,
    source: Source,
    stream: Stream,
    taken: PendingListing,
    plan: IndexPlan,
    *,
    known: int,
) -> int:
    """How many deletes the valve holds; those wait in `approvals`. `known` documents are stored."""
    key, absent, approvals = (source.source_id, stream.name), plan.absent, stores.approvals
    if not absent:
        return 0
    proposal = deletion_digest(absent)
    basis = stores.cursors.get(*key).basis
    if may_delete(
        absent,
        known,
        content_proven=taken.listing.content_proven,
        asked=basis is not None and not basis.startswith(f"{source.generation}:"),
        approved=approvals.is_approved(*key, proposal),
        pending=approvals.standing(*key) is not None,
    ):
        return 0
    keys = sorted(stores.reader.keys(absent).values())
    approvals.hold(*key, proposal, total=known, keys=keys)
    return len(absent)


def settle(
    stores: Stores,
    source: Source,
    stream: Stream,
    taken: PendingListing,
    plan: IndexPlan,
    *,
    basis: str,
    held: int,
) -> None:
    """Bring ledger and cursor to what was done: the cursor passes nothing that is open."""
    key, listing = (source.source_id, stream.name), taken.listing
    behind = stores.failures.outstanding(*key)
    gone = behind.intersection(listing.gone)
    stores.failures.resolve([*gone])
    behind -= gone
    if listing.complete:
        stores.failures.resolve([*behind.difference(plan.unfetched)])
        if not held:
            stores.approvals.supersede(*key)
    elif behind or stores.approvals.standing(*key):
        return  # what is open was not listed, so nothing is known of it
    if held:
        return
    if plan.unfetched:
        # The cursor stays, but an edit's leave for large deletes is used up.
        stores.cursors.set_basis(*key, f"{source.generation}:")
        return
    swept_at = taken.swept_at if listing.complete else stores.cursors.get(*key).swept_at
    stores.cursors.set_indexed(
        *key,
        listing.watermark,
        basis,
        verified=taken.current and swept_at is not None and not taken.vanished,
        swept_at=taken.swept_at if listing.complete else None,
        sweep_due_at=swept_at + stream.sweep if swept_at and stream.sweep else None,
    )
    if taken.vanished:
        stores.cursors.want_sweep(*key, stores.clock())
