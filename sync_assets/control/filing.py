"""Verified calls on their way into the inbox: a row for each source that one is about."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

from pydantic import JsonValue
from sqlalchemy import Connection, select

from sync_assets.control.database import insert_into
from sync_assets.control.schema import deliveries, sources
from sync_assets.models import Source

Receipt = Literal["accepted", "duplicate", "unregistered"]
_IN_A_STATEMENT = 500
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A verified call, before anyone knows which sources it is about; `concerns` says."""

    connector: str
    delivery_id: str
    kind: str
    concerns: Callable[[Source], bool]
    streams: Sequence[str] = ()
    subject: str = ""
    hints: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    event_at: datetime | None = None
    sweep: bool = False
    ends: str | None = None
    renamed_to: str | None = None


def file(connection: Connection, batch: Sequence[Incoming], now: datetime) -> list[Receipt]:
    """Store what is new of it. Calls about no registered source are not stored, and what is stored
    already stays as it is.
    """
    registered = _registered(connection, {each.connector for each in batch})
    known = known_deliveries(connection, {each.delivery_id for each in batch})
    rows: list[dict[str, Any]] = []
    receipts: list[Receipt] = []
    for each in batch:
        concerned = [source for source in registered if _concerned(each, source)]
        keys = [(each.connector, each.delivery_id, one.source_id) for one in concerned]
        new = [key for key in keys if key not in known]
        known.update(new)
        rows += [_row(each, source_id, now) for _, _, source_id in new]
        stored: Receipt = "accepted" if new else "duplicate"
        receipts.append(stored if keys else "unregistered")
    if rows:
        connection.execute(insert_into(connection, deliveries).on_conflict_do_nothing(), rows)
    return receipts


def known_deliveries(connection: Connection, ids: Collection[str]) -> set[tuple[str, str, str]]:
    """Those of these ids that are stored: connector, id and source."""
    columns = (deliveries.c.connector, deliveries.c.delivery_id, deliveries.c.source_id)
    known: set[tuple[str, str, str]] = set()
    for some in slices(sorted(ids)):
        query = select(*columns).where(deliveries.c.delivery_id.in_(some))
        known.update((row[0], row[1], row[2]) for row in connection.execute(query))
    return known


def slices(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """So many as a statement may bind."""
    return (
        items[start : start + _IN_A_STATEMENT] for start in range(0, len(items), _IN_A_STATEMENT)
    )


def _registered(connection: Connection, connectors: Collection[str]) -> list[Source]:
    query = select(sources).where(sources.c.connector.in_(connectors))
    found = [Source.model_validate(dict(row)) for row in connection.execute(query).mappings()]
    return [source for source in found if source.status != "removing"]


def _concerned(incoming: Incoming, source: Source) -> bool:
    return source.connector == incoming.connector and incoming.concerns(source)


def _row(incoming: Incoming, source_id: str, now: datetime) -> dict[str, Any]:
    return {
        "connector": incoming.connector,
        "delivery_id": incoming.delivery_id,
        "source_id": source_id,
        "kind": incoming.kind,
        "streams": list(incoming.streams),
        "subject": incoming.subject,
        "hints": dict(incoming.hints),
        "sweep": incoming.sweep,
        "ends": incoming.ends,
        "renamed_to": incoming.renamed_to,
        "event_at": incoming.event_at,
        "received_at": now,
        "state": "received",
        "attempts": 0,
    }
