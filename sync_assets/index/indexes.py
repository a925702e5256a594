"""The indexes on the tables: which there should be, making them, bringing them up to date.

Vectors have none: they are searched exactly. Where a table outgrows that (some 50,000 rows), an
IVF_RQ index of one bit belongs into `wanted_indexes`, and `refine_factor` into reader.py.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

from sync_assets.errors import StoreUnavailable
from sync_assets.index.commit import Check
from sync_assets.index.open import Conflict, Index
from sync_assets.index.schema import COLUMNS, TABLES, TableName

if TYPE_CHECKING:
    from lance import LanceDataset

TEXT_COLUMN = "search_text"
SCALAR_INDEXES: Final[Mapping[str, Literal["BTREE", "BITMAP"]]] = {
    "document_id": "BTREE",
    "source_id": "BITMAP",
    "target": "BTREE",
}
SCALAR_ROWS = 10_000
"""Below this a scan finds ids as fast as an index does."""


def ensure_indexes(index: Index, check: Check) -> list[str]:
    """Creates the indexes that a table has outgrown doing without, and names them."""
    created: list[str] = []
    for name in TABLES:
        dataset = index.open(name)
        if dataset is None:
            continue
        existing = _existing(index, dataset)
        with index.errors():
            rows = dataset.count_rows()
        for column in wanted_indexes(name, rows):
            if index_name(column) not in existing:
                check()
                with index.errors():
                    _create(dataset, column)
                created.append(f"{name}.{column}")
    return created


def update_indexes(index: Index, name: TableName, check: Check) -> tuple[list[str], list[str]]:
    """Adds new rows to a table's indexes. Returns those that had to be made anew, because they
    could not be read any more, and those left for the next time, because of another's commit.
    """
    rebuilt: list[str] = []
    skipped: list[str] = []
    for column in (*SCALAR_INDEXES, TEXT_COLUMN):
        dataset = index.open(name)
        if dataset is None or index_name(column) not in _existing(index, dataset):
            continue
        check()
        try:
            if not _update(index, dataset, column):
                with index.errors():
                    _create(dataset, column)
                rebuilt.append(f"{name}.{column}")
        except Conflict as error:
            skipped.append(f"{name}.{column}: {error}")
    return rebuilt, skipped


def unindexed_rows(index: Index, dataset: "LanceDataset") -> int | None:
    """Rows that the least complete index does not cover; None where an index cannot be read."""
    most = 0
    for name in _existing(index, dataset):
        try:
            with index.errors():
                most = max(most, int(dataset.stats.index_stats(name)["num_unindexed_rows"]))
        except StoreUnavailable:
            return None
    return most


def wanted_indexes(name: TableName, rows: int) -> list[str]:
    """The columns of a table of so many rows that should have an index.

    Full text waits for rows: an index made of an empty table ranks wrongly.
    """
    columns = [column for column in SCALAR_INDEXES if column in COLUMNS[name]]
    columns = columns if rows >= SCALAR_ROWS else []
    return [*columns, TEXT_COLUMN] if name == "chunks" and rows else columns


def index_name(column: str) -> str:
    """What the index on a column is called."""
    return f"{column}_idx"


def _existing(index: Index, dataset: "LanceDataset") -> list[str]:
    with index.errors():
        return sorted(each.name for each in dataset.describe_indices())


def _update(index: Index, dataset: "LanceDataset", column: str) -> bool:
    """False where the index cannot be read: Lance then only logs, and leaves rows out."""
    try:
        with index.errors():
            dataset.stats.index_stats(index_name(column))
            dataset.optimize.optimize_indices(index_names=[index_name(column)])
    except StoreUnavailable:
        return False
    return True


def _create(dataset: "LanceDataset", column: str) -> None:
    if column == TEXT_COLUMN:
        dataset.create_scalar_index(
            column,
            "INVERTED",
            name=index_name(column),
            analyzer="code",
            split_identifiers=True,
            preserve_original=True,
            stem=True,
            remove_stop_words=True,
        )
    else:
        dataset.create_scalar_index(column, SCALAR_INDEXES[column], name=index_name(column))
