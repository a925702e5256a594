"""How each source's hook at its vendor stands, as we last saw it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select

from sync_assets.control.database import ControlDatabase, insert_into
from sync_assets.control.schema import hooks

HookState = Literal["working", "failing", "inactive", "absent", "forbidden", "unreachable"]
"""`absent`: none calls our address; `forbidden`: we may not look; `unreachable`: this time."""


@dataclass(frozen=True, slots=True)
class HookHealth:
    """One source's hook. `problem` is a line for the operator.

    `hook` is the vendor's number of it. `read_until`: deliveries before then are settled.
    `redelivered` and `given_up` count what we had sent again, and what never arrived though.
    """

    state: HookState
    checked_at: datetime
    problem: str | None = None
    hook: int | None = None
    read_until: datetime | None = None
    redelivered: int = 0
    given_up: int = 0


class HookHealths:
    """Rows of `hooks`."""

    def __init__(self, database: ControlDatabase) -> None:
        self._database = database

    def all(self) -> Mapping[str, HookHealth]:
        """By source."""
        with self._database.read() as connection:
            rows = [dict(row) for row in connection.execute(select(hooks)).mappings()]
        return {row.pop("source_id"): HookHealth(**row) for row in rows}

    def set(self, source_ids: Sequence[str], health: HookHealth) -> None:
        """The same of each of these, which share the hook."""
        values = asdict(health)
        rows = [{"source_id": source_id, **values} for source_id in source_ids]
        with self._database.write() as connection:
            insert = insert_into(connection, hooks)
            replaced = {name: insert.excluded[name] for name in values}
            connection.execute(
                insert.on_conflict_do_update(index_elements=["source_id"], set_=replaced), rows
            )
