"""The inbox: webhook deliveries, from received to their end. Payloads are not kept."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pydantic import JsonValue
from sqlalchemy import RowMapping, Text, and_, cast, delete, false, func, or_, select, update

from sync_assets.control.database import Clock, ControlDatabase, utc_now
from sync_assets.control.filing import Incoming, Receipt, file, known_deliveries, slices
from sync_assets.control.schema import deliveries
from sync_assets.models import Answer

DeliveryState = Literal["received", "claimed", "done", "superseded", "ignored", "failed"]
"""Of a webhook delivery: waiting, given to a run, or at its end."""
AT_ONCE: Final = 1_000
"""Deliveries that one run is given; what more there is of a source waits for the next one."""
SUPERSEDED = "a later delivery of the same subject"
ENDED: frozenset[DeliveryState] = frozenset({"done", "superseded", "ignored", "failed"})
_OPEN: frozenset[DeliveryState] = frozenset({"received", "claimed"})


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
class Topic:
    """What deliveries of a source wait about: these streams, all where there are none; or where it
    `renames`, a new name. `since` is when the first of them came; `text` is the streams as they are
    stored.
    """

    source_id: str
    text: str
    streams: tuple[str, ...]
    renames: bool
    since: datetime


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
        with self._database.write() as connection:
            return file(connection, batch, self._clock())

    def waiting(self, source_id: str | None = None) -> tuple[Topic, ...]:
        """What is received and given to no run, in the order of arrival; of one source, or all."""
        text = cast(deliveries.c.streams, Text)  # Postgres has no equality of JSON
        renames = deliveries.c.renamed_to.is_not(None)
        key = (deliveries.c.source_id, text, renames)
        first = func.min(deliveries.c.number)
        since = func.min(deliveries.c.received_at, type_=_TIME)
        query = select(*key, since).where(deliveries.c.state == "received")
        if source_id is not None:
            query = query.where(deliveries.c.source_id == source_id)
        with self._database.read() as connection:
            rows = connection.execute(query.group_by(*key).order_by(first)).all()
        return tuple(
            Topic(source, text, tuple(json.loads(text)), bool(renames), since)
            for source, text, renames, since in rows
        )

    def of(self, topics: Sequence[Topic], limit: int = AT_ONCE) -> tuple[Delivery, ...]:
        """The first that wait of one source about one of these; in the order of arrival."""
        name = deliveries.c.renamed_to
        wanted = (
            and_(
                deliveries.c.source_id == topic.source_id,
                cast(deliveries.c.streams, Text) == topic.text,
                name.is_not(None) if topic.renames else name.is_(None),
            )
            for topic in topics
        )
        query = (
            select(deliveries)
            .where(deliveries.c.state == "received", or_(false(), *wanted))
            .order_by(deliveries.c.number)
            .limit(limit)
        )
        with self._database.read() as connection:
            return tuple(_delivery(row) for row in connection.execute(query).mappings())

    def claims(self) -> tuple[tuple[str, str], ...]:
        """The sources and run keys of which deliveries are given to a run that is not settled."""
        key = (deliveries.c.source_id, deliveries.c.run_key)
        query = select(*key).where(deliveries.c.state == "claimed").distinct().order_by(*key)
        with self._database.read() as connection:
            return tuple((source_id, run_key) for source_id, run_key in connection.execute(query))

    def awaited(self) -> Mapping[str, frozenset[str] | None]:
        """By source, the streams that deliveries still to be brought in are about; None: all."""
        key = (deliveries.c.source_id, cast(deliveries.c.streams, Text))
        query = select(*key).where(deliveries.c.state.in_(_OPEN)).distinct()
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
            found = known_deliveries(connection, delivery_ids)
        return frozenset(each for vendor, each, _ in found if vendor == connector)

    def claim(self, numbers: Collection[int], run_key: str) -> None:
        """Give these to the run of that key, where they are still waiting."""
        self._set(numbers, {"received"}, state="claimed", run_key=run_key)

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
            {"claimed"},
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
        self._set(last.values(), {"claimed"}, state="done", run_id=run_id, done_at=at, reason=None)
        self._set(
            earlier,
            {"claimed"},
            state="superseded",
            run_id=run_id,
            done_at=at,
            reason=SUPERSEDED,
        )

    def end(self, numbers: Collection[int], state: DeliveryState, reason: str) -> None:
        """Ended without a run that brought them in: `ignored` or `failed`."""
        self._set(numbers, _OPEN, state=state, reason=reason, done_at=self._clock())

    def replay(self, numbers: Collection[int]) -> tuple[Delivery, ...]:
        """Let ended ones wait for a run again."""
        self._set(
            numbers,
            ENDED,
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
        found: list[Delivery] = []
        with self._database.read() as connection:
            for some in slices(sorted(numbers)):
                query = select(deliveries).where(deliveries.c.number.in_(some))
                rows = connection.execute(query.order_by(deliveries.c.number)).mappings()
                found += [_delivery(row) for row in rows]
        return tuple(found)

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

    def _set(
        self, numbers: Collection[int], before: Collection[DeliveryState], **values: object
    ) -> None:
        with self._database.write() as connection:
            for some in slices(sorted(numbers)):
                change = update(deliveries).where(
                    deliveries.c.number.in_(some), deliveries.c.state.in_(before)
                )
                connection.execute(change.values(values))


_TIME = deliveries.c.received_at.type


def _delivery(row: RowMapping) -> Delivery:
    return Delivery.model_validate(dict(row))
