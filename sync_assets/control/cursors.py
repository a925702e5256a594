"""How far each stream of each source has come."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, delete, literal, select, update

from sync_assets.control.database import Clock, ControlDatabase, insert_into, utc_now
from sync_assets.control.pending import PendingListing, packed, unpacked
from sync_assets.control.schema import cursors, pending_listings


@dataclass(frozen=True, slots=True)
class Cursor:
    """A stream's progress; all None before its first listing.

    `watermark` and `basis` (which names all else that the index's content depends on) say what
    the index holds since `indexed_at`; the three of the last listing, begun at `listed_at`, what
    has to be brought in. At `verified_at` the source looked like the index, as far as the vendor's
    feeds show; at `swept_at` a complete listing did. The next complete one is due at
    `sweep_due_at`, None where every listing is. Until `deferred_until` the vendor asked us to wait.
    """

    source_id: str
    stream: str
    watermark: str | None = None
    basis: str | None = None
    indexed_at: datetime | None = None
    listed_watermark: str | None = None
    listed_at: datetime | None = None
    verified_at: datetime | None = None
    swept_at: datetime | None = None
    sweep_due_at: datetime | None = None
    deferred_until: datetime | None = None
    deferred_because: str | None = None

    @property
    def proven(self) -> bool:
        """Whether the index holds the last listing, which proved that there is no more to hold."""
        if self.verified_at is None or self.listed_at is None:
            return False
        return self.verified_at >= self.listed_at


_NOT_DEFERRED: Mapping[str, None] = {"deferred_until": None, "deferred_because": None}


class Cursors:
    """Rows of `cursors`. Writes raise UnknownSource where the source was removed meanwhile."""

    def __init__(self, database: ControlDatabase, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def get(self, source_id: str, stream: str) -> Cursor:
        """The stream's cursor; an empty one where there is none."""
        query = select(cursors).where(cursors.c.source_id == source_id, cursors.c.stream == stream)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return Cursor(source_id, stream) if row is None else Cursor(**row)

    def all(self) -> tuple[Cursor, ...]:
        """Ordered by source and stream."""
        query = select(cursors).order_by(cursors.c.source_id, cursors.c.stream)
        with self._database.read() as connection:
            return tuple(Cursor(**row) for row in connection.execute(query).mappings())

    def pending(self, source_id: str, stream: str) -> PendingListing | None:
        """The listing that was kept to be brought in; None where nothing is, or it was not kept."""
        query = select(pending_listings.c.payload).where(*_pending(source_id, stream))
        with self._database.read() as connection:
            payload = connection.scalar(query)
        return None if payload is None else unpacked(payload)

    def with_pending(self) -> frozenset[tuple[str, str]]:
        """The sources and streams of which a listing is kept to be brought in."""
        query = select(pending_listings.c.source_id, pending_listings.c.stream)
        with self._database.read() as connection:
            return frozenset((row[0], row[1]) for row in connection.execute(query))

    def amend(self, source_id: str, stream: str, pending: PendingListing) -> None:
        """Keep this in place of what is kept; nothing happens where nothing is."""
        change = update(pending_listings).where(*_pending(source_id, stream))
        with self._database.write() as connection:
            connection.execute(change.values(payload=packed(pending)))

    def set_listed(
        self,
        source_id: str,
        stream: str,
        watermark: str,
        *,
        at: datetime,
        keep: PendingListing | None = None,
    ) -> None:
        """A listing, begun `at` that time (aware), has to be brought in up to its watermark; `keep`
        is that listing, where it would cost calls to have it again; what was kept is not the last
        one any more.
        """
        with self._database.write() as connection:
            _write(
                connection,
                source_id,
                stream,
                listed_watermark=watermark,
                listed_at=at,
                **_NOT_DEFERRED,
            )
            if keep is None:
                connection.execute(delete(pending_listings).where(*_pending(source_id, stream)))
            else:
                _keep(connection, source_id, stream, keep)

    def set_verified(
        self,
        source_id: str,
        stream: str,
        at: datetime,
        *,
        watermark: str | None = None,
        swept: bool = False,
    ) -> None:
        """A listing, begun `at` that time (aware), found the source as it is in the index, and
        stands at `watermark` now, if given. `swept`: it was complete.
        """
        values: dict[str, str | datetime | None] = {"verified_at": at, **_NOT_DEFERRED}
        if swept:
            values["swept_at"] = at
        if watermark is not None:
            values |= {"watermark": watermark, "listed_watermark": watermark}
        self._set(source_id, stream, **values)

    def set_watermark(self, source_id: str, stream: str, watermark: str) -> None:
        """A listing that proves nothing found nothing new up to this watermark."""
        values = {"watermark": watermark, "listed_watermark": watermark}
        self._set(source_id, stream, **values, **_NOT_DEFERRED)

    def set_deferred(self, source_id: str, stream: str, until: datetime, because: str) -> None:
        """The vendor asked us to leave the stream alone until then (aware)."""
        self._set(source_id, stream, deferred_until=until, deferred_because=because)

    def want_sweep(self, source_id: str, stream: str, at: datetime) -> None:
        """The next listing from `at` on (aware) is to be a complete one."""
        self._set(source_id, stream, sweep_due_at=at)

    def restart(self, source_id: str, stream: str) -> None:
        """As before its first listing: nothing is said of what the index holds."""
        empty = Cursor(source_id, stream)
        unknown = {each.name: None for each in fields(empty) if getattr(empty, each.name) is None}
        with self._database.write() as connection:
            _write(connection, source_id, stream, **unknown)
            connection.execute(delete(pending_listings).where(*_pending(source_id, stream)))

    def set_basis(self, source_id: str, stream: str, basis: str) -> None:
        """The index was brought to this basis in part; the watermark stays."""
        self._set(source_id, stream, basis=basis)

    def set_indexed(
        self,
        source_id: str,
        stream: str,
        watermark: str,
        basis: str,
        *,
        verified: bool,
        swept_at: datetime | None = None,
        sweep_due_at: datetime | None = None,
    ) -> None:
        """The index holds the listing of that watermark, which is kept no longer. `verified`: and
        nothing else, so that it is verified as of the time that listing began. `swept_at`: a
        complete listing that began then is part of it, the next one is due at `sweep_due_at`; one
        that was wanted since it began still is.
        """
        now = self._clock()
        listed_then = (cursors.c.listed_watermark == watermark, cursors.c.listed_at)
        verified_at = case(listed_then, else_=cursors.c.verified_at)
        swept: dict[str, datetime | ColumnElement[datetime]] = {}
        if swept_at is not None:
            due = cursors.c.sweep_due_at
            wanted_since = ((due > swept_at) & (due <= now), due)
            swept = {
                "swept_at": swept_at,
                "sweep_due_at": case(wanted_since, else_=literal(sweep_due_at, due.type)),
            }
        with self._database.write() as connection:
            _write(
                connection,
                source_id,
                stream,
                watermark=watermark,
                basis=basis,
                indexed_at=now,
                verified_at=verified_at if verified else cursors.c.verified_at,
                **swept,
            )
            connection.execute(delete(pending_listings).where(*_pending(source_id, stream)))

    def _set(
        self,
        source_id: str,
        stream: str,
        **values: str | datetime | None,
    ) -> None:
        with self._database.write() as connection:
            _write(connection, source_id, stream, **values)


def _write(
    connection: Connection,
    source_id: str,
    stream: str,
    **values: str | datetime | ColumnElement[datetime] | None,
) -> None:
    key = {"source_id": source_id, "stream": stream}
    row = (cursors.c.source_id == source_id) & (cursors.c.stream == stream)
    connection.execute(insert_into(connection, cursors).values(key).on_conflict_do_nothing())
    connection.execute(update(cursors).where(row).values(values))


def _pending(source_id: str, stream: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return pending_listings.c.source_id == source_id, pending_listings.c.stream == stream


def _keep(connection: Connection, source_id: str, stream: str, pending: PendingListing) -> None:
    insert = insert_into(connection, pending_listings).values(
        source_id=source_id, stream=stream, payload=packed(pending)
    )
    kept = {"payload": insert.excluded.payload}
    key = ["source_id", "stream"]
    connection.execute(insert.on_conflict_do_update(index_elements=key, set_=kept))
