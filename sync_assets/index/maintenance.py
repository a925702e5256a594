"""Keeping the index fast: indexes, compaction, old versions. Run from one place, under a lease.

Searches are right without any of it: rows that no index covers yet are scanned.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from sync_assets.index.commit import Check
from sync_assets.index.indexes import ensure_indexes, unindexed_rows, update_indexes
from sync_assets.index.open import Conflict, Index
from sync_assets.index.schema import TABLES, TableName

if TYPE_CHECKING:
    from lance import LanceDataset

FRAGMENT_ROWS = 131_072
"""Compaction leaves fragments of this size alone, so that it does not rewrite the whole table."""

KEEP = timedelta(days=7)
SHORTEST_KEEP = timedelta(hours=1)

FRAGMENTS_TOO_MANY = 32
ROWS_TOO_FEW = 2_000
UNINDEXED_TOO_MANY = 20_000
UNINDEXED_SHARE = 0.05
DELETED_SHARE = 0.1
EXPIRED_TOO_MANY = 100


@dataclass(frozen=True, slots=True)
class TableStatistics:
    """One table now.

    `deleted` rows still take space; `unindexed` are rows that the least complete index does not
    cover (None: an index cannot be read); `expired` of the `versions` are older than KEEP;
    `data_bytes` is the size of the newest version's data files.
    """

    rows: int
    deleted: int
    fragments: int
    unindexed: int | None
    versions: int
    expired: int
    data_bytes: int


@dataclass(slots=True)
class Maintained:
    """What was done: indexes created or made anew, fragments compacted away, versions removed;
    and `skipped`, what another writer's commit prevented: the next run takes it up.
    """

    created: list[str] = field(default_factory=list[str])
    fragments_removed: int = 0
    versions_removed: int = 0
    bytes_removed: int = 0
    skipped: list[str] = field(default_factory=list[str])


def statistics(
    index: Index, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Mapping[TableName, TableStatistics]:
    """Of every table that exists."""
    found: dict[TableName, TableStatistics] = {}
    for name in TABLES:
        dataset = index.open(name)
        if dataset is not None:
            found[name] = _table_statistics(index, dataset, clock())
    return found


def needs_optimize(tables: Mapping[TableName, TableStatistics]) -> bool:
    """Whether any table is scattered enough, or scanned enough, to be worth an `optimize`."""
    return any(
        table.unindexed is None
        or table.unindexed > UNINDEXED_TOO_MANY
        or table.unindexed > max(ROWS_TOO_FEW, table.rows * UNINDEXED_SHARE)
        or table.fragments - table.rows // FRAGMENT_ROWS > FRAGMENTS_TOO_MANY
        or table.deleted > max(ROWS_TOO_FEW, table.rows * DELETED_SHARE)
        or table.expired > EXPIRED_TOO_MANY
        for table in tables.values()
    )


def optimize(index: Index, check: Check, *, keep: timedelta = KEEP) -> Maintained:
    """Compacts, brings indexes up to date, removes versions older than `keep` (at least an hour,
    and longer than the longest read); tagged versions stay.
    """
    if keep < SHORTEST_KEEP:
        raise ValueError(f"keep {keep} would break readers: at least {SHORTEST_KEEP}")
    done = Maintained(created=ensure_indexes(index, check))
    for name in TABLES:
        _compact(index, name, check, done)
        rebuilt, skipped = update_indexes(index, name, check)
        done.created += rebuilt
        done.skipped += skipped
        _clean(index, name, check, keep, done)
    return done


def _compact(index: Index, name: TableName, check: Check, done: Maintained) -> None:
    dataset = index.open(name)
    if dataset is None:
        return
    check()
    try:
        with index.errors():
            metrics = dataset.optimize.compact_files(target_rows_per_fragment=FRAGMENT_ROWS)
    except Conflict as error:
        done.skipped.append(f"{name}: {error}")
    else:
        done.fragments_removed += metrics.fragments_removed


def _clean(index: Index, name: TableName, check: Check, keep: timedelta, done: Maintained) -> None:
    dataset = index.open(name)
    if dataset is None:
        return
    check()
    with index.errors():
        # Without the flag one old tag makes this an error.
        cleaned = dataset.cleanup_old_versions(keep, error_if_tagged_old_versions=False)
    done.versions_removed += cleaned.old_versions
    done.bytes_removed += cleaned.bytes_removed


def _table_statistics(index: Index, dataset: "LanceDataset", now: datetime) -> TableStatistics:
    unindexed = unindexed_rows(index, dataset)
    with index.errors():
        fragments = dataset.get_fragments()
        written = [cast("datetime", each["timestamp"]) for each in dataset.versions()]
        files = [file for fragment in fragments for file in fragment.data_files()]
        return TableStatistics(
            rows=dataset.count_rows(),
            deleted=dataset.stats.dataset_stats()["num_deleted_rows"],
            fragments=len(fragments),
            unindexed=unindexed,
            versions=len(written),
            expired=sum(now - each.astimezone() > KEEP for each in written),
            data_bytes=sum(file.file_size_bytes or 0 for file in files),
        )
