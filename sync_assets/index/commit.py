"""The one way to write: take rows out and put rows in, in a single atomic commit.

Lance rebases a commit over others that touch different fragments, so two writers that each add the
same new key would both succeed, and a process that slept between its last check and its commit
would add its rows to those of its successor. Here every commit also names one standing fragment,
unchanged, as updated (the fence): two commits from one version then always conflict, the loser
starts over from the newest version, and its `check` is asked again. In a table without
fragments the same holds by an overwrite that must not be rebased.
"""

import random
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from sync_assets.errors import StoreUnavailable
from sync_assets.index.arrow import column
from sync_assets.index.open import Conflict, Index

if TYPE_CHECKING:
    import pyarrow as pa
    from lance import LanceDataset
    from lance.fragment import FragmentMetadata, LanceFragment

    from sync_assets.index.schema import TableName

Check = Callable[[], None]
"""Raises LeaseLost when the caller may no longer write."""

ATTEMPTS = 60
FIRST_WAIT = 0.005
LONGEST_WAIT = 0.5


class Table:
    """One table, written by one process; see `replace`.

    It remembers which documents lie in the fragments it wrote, by data file, so that a long
    first sync need not search all its own commits again at each one: a fragment's rows never
    change, they only go.
    """

    def __init__(self, index: Index, name: "TableName", schema: "pa.Schema") -> None:
        self.index = index
        self.name: TableName = name
        self.schema = schema
        self._written: dict[str, frozenset[str]] = {}

    def replace(
        self,
        where: str,
        rows: "pa.Table | None",
        check: Check,
        *,
        document_ids: Collection[str] | None = None,
    ) -> bool:
        """Rows that match `where` go and `rows` come, atomically; False: there was nothing to do.

        `document_ids`, where given, are all that `where` can match. The table is created when the
        first rows come. `check` runs immediately before every commit. Errors: StoreUnavailable,
        and what `check` raises.
        """
        from lance import fragment

        dataset = self.index.open(self.name)
        if dataset is None:
            if rows is None or not rows.num_rows:
                return False
            dataset = self._create(check)
        new: list[FragmentMetadata] = []
        if rows is not None and rows.num_rows:
            uri = self.index.table_uri(self.name)
            with self.index.errors():
                new = fragment.write_fragments(rows, uri, schema=self.schema)
            self._remember(new, rows)
        for attempt in range(ATTEMPTS):
            try:
                with self.index.errors():
                    return self._commit(dataset, where, document_ids, new, check)
            except Conflict:
                longest = min(FIRST_WAIT * 2**attempt, LONGEST_WAIT)
                time.sleep(random.uniform(0, longest))  # noqa: S311  # spreads writers apart
                dataset = self._standing()
        raise StoreUnavailable(
            f"The index at {self.index.uri}: other processes change table {self.name} without "
            f"pause, {ATTEMPTS} commits in a row came too late: try again"
        )

    def _create(self, check: Check) -> "LanceDataset":
        import lance

        check()
        with self.index.errors():
            try:
                lance.write_dataset(
                    self.schema.empty_table(), self.index.table_uri(self.name), mode="create"
                )
            except OSError as error:
                if "already exists" not in str(error):  # another writer was first: just as well
                    raise
        return self._standing()

    def _standing(self) -> "LanceDataset":
        dataset = self.index.open(self.name)
        if dataset is None:
            raise StoreUnavailable(
                f"The index at {self.index.uri}: table {self.name} was removed: sync again"
            )
        return dataset

    def _commit(
        self,
        dataset: "LanceDataset",
        where: str,
        document_ids: Collection[str] | None,
        new: "list[FragmentMetadata]",
        check: Check,
    ) -> bool:
        from lance import LanceDataset, LanceOperation

        standing = dataset.get_fragments()
        where_to_look = [
            each for each in standing if document_ids is None or self._may_hold(each, document_ids)
        ]
        updated: list[FragmentMetadata] = []
        removed: list[int] = []
        for fragment, offsets in matching_rows(dataset, where_to_look, where):
            left = fragment.delete_rows(offsets)
            if left is None:
                removed.append(fragment.fragment_id)
            else:
                updated.append(left)
        if not (new or updated or removed):
            return False
        fence = min(standing, key=lambda each: each.fragment_id, default=None)
        operation: LanceOperation.BaseOperation
        if fence is None:
            operation = LanceOperation.Overwrite(dataset.schema, new)
        else:
            if fence.fragment_id not in {*removed, *(each.id for each in updated)}:
                updated.append(fence.metadata)
            operation = LanceOperation.Update(
                removed_fragment_ids=removed, updated_fragments=updated, new_fragments=new
            )
        check()
        LanceDataset.commit(dataset, operation, read_version=dataset.version, max_retries=0)
        return True

    def _remember(self, new: "list[FragmentMetadata]", rows: "pa.Table") -> None:
        ids = frozenset(column(rows, "document_id"))
        self._written.update({each.files[0].path: ids for each in new})

    def _may_hold(self, fragment: "LanceFragment", document_ids: Collection[str]) -> bool:
        ids = self._written.get(fragment.metadata.files[0].path)
        return ids is None or not ids.isdisjoint(document_ids)


def matching_rows(
    dataset: "LanceDataset", fragments: "list[LanceFragment]", where: str
) -> "list[tuple[LanceFragment, list[int]]]":
    """The fragments with rows that match the predicate, and those rows' physical offsets."""
    if not fragments:
        return []
    scanner = dataset.scanner(columns=[], filter=where, with_row_address=True, fragments=fragments)
    found: dict[int, list[int]] = {}
    for address in column(scanner.to_table(), "_rowaddr"):
        found.setdefault(address >> 32, []).append(address & 0xFFFFFFFF)
    return [(each, found[each.fragment_id]) for each in fragments if each.fragment_id in found]
