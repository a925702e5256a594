"""The inbox: webhook deliveries, from received to their end. Payloads are not kept."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

from pydantic import JsonValue
from sqlalchemy import Connection, RowMapping, Text, cast, delete, func, select, update

from sync_assets.control.database import Clock, ControlDatabase, insert_into, utc_now
from sync_assets.control.schema import deliveries, sources
from sync_assets.models import Answer, Source

DeliveryState = Literal["received", "claimed", "done", "superseded", "ignored", "failed"]
"""Of a webhook delivery: waiting, given to a run, or at its end."""
Receipt = Literal["accepted", "duplicate", "unregistered"]
SUPERSEDED = "a later delivery of the same subject"
ENDED: frozenset[DeliveryState] = frozenset({"done", "superseded", "ignored", "failed"})
_IN_A_STATEMENT = 500
_Item = TypeVar("_Item")


class Delivery(Answer):
    """A webhook call for one source, without its payload: what may have changed, and what became
    of it. `subject` names the one thing to be read again; see `connectors.webhook.Event`.
    `run_id` is the run that brought it in, or the last one that had to leave it.

    `event_at` is the vendor's time. `done_at` is when it ended: for `done`, when its run had
    brought the source up to date.
    """

    number: int
    connector: str
    delivery_id: str
    source_id: str
    kind: str
    streams: list[str]
    subject: str
    hints: dict[str, JsonValue]
    sweep: bool
    ends: str | None
    renamed_to: str | None
    event_at: datetime | None
    received_at: datetime
    state: DeliveryState
    reason: str | None
    run_key: str | None
    run_id: str | None
    attempts: int
    done_at: datetime | None


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


@dataclass(frozen=True, slots=True)
class Depth:
    """How many deliveries of a connector stand in a state, and since when the oldest."""

    connector: str
    state: DeliveryState
    count: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How many deliveries of a source stand in a state; when the oldest and newest came."""

    source_id: str
    state: DeliveryState
    count: int
    oldest_at: datetime
    newest_at: datetime


class Inbox:
    """Rows of `deliveries`: one a delivery and source concerned. Every method is safe to repeat."""

    def __init__(self, database: ControlDatabase, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def store(self, batch: Sequence[Incoming]) -> list[Receipt]:
        """Durable when this returns: all of the batch, in one commit. Calls about no registered
        source are not stored, and what is stored already stays as it is.
        """
        now = self._clock()
        with self._database.write() as connection:
            registered = _registered(connection, {each.connector for each in batch})
            known = _known(connection, {each.delivery_id for each in batch})
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
                insert = insert_into(connection, deliveries).on_conflict_do_nothing()
                connection.execute(insert, rows)
        return receipts

    def of(self, source_id: str) -> tuple[Delivery, ...]:
        """What waits of one source."""
        query = (
            select(deliveries)
            .where(deliveries.c.state == "received", deliveries.c.source_id == source_id)
            .order_by(deliveries.c.number)
        )
        with self._database.read() as connection:
            return tuple(_delivery(row) for row in connection.execute(query).mappings())

    def waiting(self) -> Mapping[str, Sequence[Delivery]]:
        """By source, what is received and given to no run; in the order of arrival."""
        return self._by_source("received")

    def claimed(self) -> Mapping[str, Sequence[Delivery]]:
        """By source, what is given to a run whose end is not settled; in the order of arrival."""
        return self._by_source("claimed")

    def awaited(self) -> Mapping[str, frozenset[str] | None]:
        """By source, the streams that deliveries still to be brought in are about; None: all."""
        # As text: Postgres has no equality of JSON.
        key = (deliveries.c.source_id, cast(deliveries.c.streams, Text))
        query = select(*key).where(deliveries.c.state.in_(("received", "claimed"))).distinct()
        awaited: dict[str, frozenset[str] | None] = {}
        with self._database.read() as connection:
            for source_id, text in connection.execute(query):
                before, streams = awaited.get(source_id, frozenset()), json.loads(text)
                both = None if before is None or not streams else before.union(streams)
                awaited[source_id] = both
        return awaited

    def given(self, run_key: str) -> tuple[Delivery, ...]:
        """What the run of that key was given and has not brought in yet; in order of arrival."""
        query = (
            select(deliveries)
            .where(deliveries.c.state == "claimed", deliveries.c.run_key == run_key)
            .order_by(deliveries.c.number)
        )
        with self._database.read() as connection:
            return tuple(_delivery(row) for row in connection.execute(query).mappings())

    def ends(self, source_id: str, since: datetime | None) -> str | None:
        """Why the source may no longer be readable, as the last delivery said that was received
        since then (aware; None: ever).
        """
        query = (
            select(deliveries.c.ends)
            .where(deliveries.c.source_id == source_id, deliveries.c.ends.is_not(None))
            .order_by(deliveries.c.number.desc())
            .limit(1)
        )
        if since is not None:
            query = query.where(deliveries.c.received_at >= since)
        with self._database.read() as connection:
            return connection.scalar(query)

    def known(self, connector: str, delivery_ids: Collection[str]) -> frozenset[str]:
        """Those of these that are stored, for whichever source."""
        with self._database.read() as connection:
            found = _known(connection, delivery_ids)
        return frozenset(each for vendor, each, _ in found if vendor == connector)

    def claim(self, numbers: Collection[int], run_key: str) -> None:
        """Give these to the run of that key, where they are still waiting."""
        self._set(numbers, "received", state="claimed", run_key=run_key)

    def release(
        self,
        numbers: Collection[int],
        reason: str,
        *,
        run_id: str | None = None,
        counted: bool = True,
    ) -> None:
        """Back to waiting, because their run did not bring them in; an attempt where `counted`.
        Without a `run_id` there was no run, and the same one is asked for again.
        """
        left = {} if run_id is None else {"run_id": run_id}
        self._set(
            numbers,
            "claimed",
            state="received",
            run_key=None,
            reason=reason,
            attempts=deliveries.c.attempts + int(counted),
            **left,
        )

    def done(self, claimed: Sequence[Delivery], run_id: str, at: datetime) -> None:
        """Their run brought the source up to date at `at`: the last of each subject is done, those
        before it are superseded.
        """
        last = {each.subject: each.number for each in claimed}
        earlier = {each.number for each in claimed} - set(last.values())
        self._set(last.values(), "claimed", state="done", run_id=run_id, done_at=at, reason=None)
        self._set(
            earlier,
            "claimed",
            state="superseded",
            run_id=run_id,
            done_at=at,
            reason=SUPERSEDED,
        )

    def end(self, numbers: Collection[int], state: DeliveryState, reason: str) -> None:
        """Ended without a run that brought them in: `ignored` or `failed`."""
        now = self._clock()
        for before in ("received", "claimed"):
            self._set(numbers, before, state=state, reason=reason, done_at=now)

    def replay(self, numbers: Collection[int]) -> tuple[Delivery, ...]:
        """Let ended ones wait for a run again."""
        for state in ENDED:
            self._set(
                numbers,
                state,
                state="received",
                reason=None,
                run_key=None,
                run_id=None,
                done_at=None,
                attempts=deliveries.c.attempts + 1,  # the run key must be a new one
            )
        return self.numbered(numbers)

    def newest(
        self,
        source_id: str | None = None,
        state: DeliveryState | None = None,
        limit: int | None = None,
    ) -> tuple[Delivery, ...]:
        """The last ones, the newest first."""
        query = select(deliveries).order_by(deliveries.c.number.desc()).limit(limit)
        if source_id is not None:
            query = query.where(deliveries.c.source_id == source_id)
        if state is not None:
            query = query.where(deliveries.c.state == state)
        with self._database.read() as connection:
            return tuple(_delivery(row) for row in connection.execute(query).mappings())

    def last(self) -> int:
        """The number of the newest delivery; 0 if there is none."""
        with self._database.read() as connection:
            return connection.scalar(select(func.max(deliveries.c.number))) or 0

    def depths(self) -> tuple[Depth, ...]:
        """By connector and state."""
        key = (deliveries.c.connector, deliveries.c.state)
        counts = (func.count(), func.min(deliveries.c.received_at, type_=_TIME))
        query = select(*key, *counts).group_by(*key).order_by(*key)
        with self._database.read() as connection:
            return tuple(Depth(*row) for row in connection.execute(query))

    def standings(self) -> tuple[Standing, ...]:
        """By source and state."""
        times = (
            func.min(deliveries.c.received_at, type_=_TIME),
            func.max(deliveries.c.received_at, type_=_TIME),
        )
        key = (deliveries.c.source_id, deliveries.c.state)
        query = select(*key, func.count(), *times).group_by(*key).order_by(*key)
        with self._database.read() as connection:
            return tuple(Standing(*row) for row in connection.execute(query))

    def numbered(self, numbers: Collection[int]) -> tuple[Delivery, ...]:
        """Those of these numbers, in the order of arrival."""
        query = select(deliveries).where(deliveries.c.number.in_(numbers))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(deliveries.c.number)).mappings()
            return tuple(_delivery(row) for row in rows)

    def lags(self) -> Mapping[str, float]:
        """By source, seconds from the vendor's event (else from the receipt) to the end of the run
        that brought it in, for the last delivery that is done.
        """
        newest = (
            select(func.max(deliveries.c.number))
            .where(deliveries.c.state == "done")
            .group_by(deliveries.c.source_id)
        )
        query = select(deliveries).where(deliveries.c.number.in_(newest))
        with self._database.read() as connection:
            found = [_delivery(row) for row in connection.execute(query).mappings()]
        return {
            each.source_id: (each.done_at - (each.event_at or each.received_at)).total_seconds()
            for each in found
            if each.done_at is not None
        }

    def forget(self, before: datetime) -> None:
        """Delete what ended earlier than that."""
        old = deliveries.c.done_at < before
        with self._database.read() as connection:
            if connection.execute(select(deliveries.c.number).where(old).limit(1)).first() is None:
                return  # mostly, and then no write transaction is spent
        with self._database.write() as connection:
            connection.execute(delete(deliveries).where(old))

    def _by_source(self, state: DeliveryState) -> dict[str, list[Delivery]]:
        query = (
            select(deliveries)
            .where(deliveries.c.state == state)
            .order_by(deliveries.c.source_id, deliveries.c.number)
        )
        found: dict[str, list[Delivery]] = {}
        with self._database.read() as connection:
            for row in connection.execute(query).mappings():
                found.setdefault(row["source_id"], []).append(_delivery(row))
        return found

    def _set(self, numbers: Collection[int], before: DeliveryState, **values: object) -> None:
        for some in _slices(sorted(numbers)):
            change = update(deliveries).where(
                deliveries.c.number.in_(some), deliveries.c.state == before
            )
            with self._database.write() as connection:
                connection.execute(change.values(values))


_TIME = deliveries.c.received_at.type


def _registered(connection: Connection, connectors: Collection[str]) -> list[Source]:
    query = select(sources).where(sources.c.connector.in_(connectors))
    found = [Source.model_validate(dict(row)) for row in connection.execute(query).mappings()]
    return [source for source in found if source.status != "removing"]


def _known(connection: Connection, ids: Collection[str]) -> set[tuple[str, str, str]]:
    columns = (deliveries.c.connector, deliveries.c.delivery_id, deliveries.c.source_id)
    known: set[tuple[str, str, str]] = set()
    for some in _slices(sorted(ids)):
        query = select(*columns).where(deliveries.c.delivery_id.in_(some))
        known.update((row[0], row[1], row[2]) for row in connection.execute(query))
    return known


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


def _delivery(row: RowMapping) -> Delivery:
    return Delivery.model_validate(dict(row))


def _slices(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (
        items[start : start + _IN_A_STATEMENT] for start in range(0, len(items), _IN_A_STATEMENT)
    )
