"""Rate budgets in the control database: one row each, shared by all processes."""

import threading
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, RowMapping, and_, select, update

from sync_assets.control.budget import Budget, Grant, Lately
from sync_assets.control.database import ControlDatabase, insert_into
from sync_assets.control.schema import budgets as rows

T = TypeVar("T")
SLOTS = "at once"
"""Not a resource of any vendor: the name under which calls under way are counted."""


@dataclass(frozen=True, slots=True)
class BudgetKey:
    """Whose budget: of a credential (its digest) on a host, for one of the vendor's resources."""

    host: str
    credential: str
    resource: str


Change = Callable[[Budget], tuple[Budget, T]]


class BudgetStore(Protocol):
    """Where budgets are kept."""

    def change(self, key: BudgetKey, step: Change[T]) -> T:
        """Replace a budget by what `step` makes of it, while nobody else does."""
        ...

    def get(self, key: BudgetKey) -> Budget:
        """The budget as it stands."""
        ...

    def all(self) -> list[tuple[BudgetKey, Budget]]:
        """Every budget that was ever drawn on, in order of its key."""
        ...


class MemoryBudgets:
    """Of one process alone; for where there is no control database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._budgets: dict[BudgetKey, Budget] = {}

    def change(self, key: BudgetKey, step: Change[T]) -> T:
        with self._lock:
            self._budgets[key], result = step(self._budgets.get(key, Budget()))
            return result

    def get(self, key: BudgetKey) -> Budget:
        with self._lock:
            return self._budgets.get(key, Budget())

    def all(self) -> list[tuple[BudgetKey, Budget]]:
        with self._lock:
            return sorted(self._budgets.items(), key=lambda item: astuple(item[0]))


class Budgets:
    """Rows of `budgets`; the same on SQLite and Postgres."""

    def __init__(self, database: ControlDatabase) -> None:
        self._database = database

    def change(self, key: BudgetKey, step: Change[T]) -> T:
        own = _own(key)
        with self._database.write() as connection:
            query = select(rows).where(own).with_for_update()
            found = connection.execute(query).mappings().one_or_none()
            if found is None:
                fresh = _values(Budget()) | asdict(key)
                insert = insert_into(connection, rows).values(fresh).on_conflict_do_nothing()
                connection.execute(insert)
                found = connection.execute(query).mappings().one()
            budget, result = step(_budget(found))
            connection.execute(update(rows).where(own).values(_values(budget)))
        return result

    def get(self, key: BudgetKey) -> Budget:
        with self._database.read() as connection:
            found = connection.execute(select(rows).where(_own(key))).mappings().one_or_none()
        return Budget() if found is None else _budget(found)

    def all(self) -> list[tuple[BudgetKey, Budget]]:
        query = select(rows).order_by(rows.c.host, rows.c.resource, rows.c.credential)
        with self._database.read() as connection:
            found = connection.execute(query).mappings().all()
        return [
            (BudgetKey(row["host"], row["credential"], row["resource"]), _budget(row))
            for row in found
        ]


def _own(key: BudgetKey) -> ColumnElement[bool]:
    return and_(*(rows.c[name] == value for name, value in asdict(key).items()))


def _values(budget: Budget) -> dict[str, Any]:
    return {
        "limit_points": budget.limit,
        "remaining": budget.remaining,
        "reset_at": budget.reset_at,
        "answered": budget.answered,
        "spent": budget.spent,
        "blocked_until": budget.blocked_until,
        "refusals": budget.refusals,
        "waiting_until": budget.waiting_until,
        "grants": {
            holder: [grant.points, grant.expires_at.isoformat()]
            for holder, grant in budget.grants.items()
        },
        "lately": [
            [each.at.isoformat(), each.holder, each.points, each.seconds] for each in budget.lately
        ],
    }


def _budget(row: RowMapping) -> Budget:
    return Budget(
        limit=row["limit_points"],
        remaining=row["remaining"],
        reset_at=row["reset_at"],
        answered=row["answered"],
        spent=row["spent"],
        blocked_until=row["blocked_until"],
        refusals=row["refusals"],
        waiting_until=row["waiting_until"],
        grants={
            holder: Grant(points, datetime.fromisoformat(expires))
            for holder, (points, expires) in row["grants"].items()
        },
        lately=tuple(
            Lately(datetime.fromisoformat(at), holder, points, seconds)
            for at, holder, points, seconds in row["lately"]
        ),
    )
