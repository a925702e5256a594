"""Upkeep of the index as a whole: by one process at a time, whoever synced what."""

from collections.abc import Generator
from contextlib import contextmanager, suppress

from sync_assets.control.leases import Lease
from sync_assets.errors import LeaseHeld
from sync_assets.index.maintenance import (
    Maintained,
    ensure_indexes,
    needs_optimize,
    optimize,
    statistics,
)
from sync_assets.stores import Stores

MAINTENANCE_LEASE = "index/maintenance"
"""The lease of whoever compacts and indexes the tables."""


def keep_up(stores: Stores) -> Maintained:
    """What the tables need now: indexes, compaction, old versions. LeaseHeld: another is at it."""
    with _lease(stores) as lease:
        index = stores.reader.index
        if needs_optimize(statistics(index)):
            return optimize(index, lease.check)
        return Maintained(created=ensure_indexes(index, lease.check))


def make_indexes(stores: Stores) -> None:
    """The indexes that are missing. Where another keeps up the tables, they are made there."""
    with suppress(LeaseHeld), _lease(stores) as lease:
        ensure_indexes(stores.reader.index, lease.check)


@contextmanager
def _lease(stores: Stores) -> Generator[Lease]:
    with stores.leases.hold(MAINTENANCE_LEASE, stores.settings.lease_seconds) as lease:
        yield lease
