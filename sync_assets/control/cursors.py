"""How far each stream of each source has come."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, select, update

from sync_assets.control.database import Clock, ControlDatabase, insert_into, utc_now
from sync_assets.control.schema import cursors


@dataclass(frozen=True, slots=True)
class Cursor:
    """A stream's progress; all None before its first listing.

    `watermark` and `basis` (which names all else that the index's content depends on) say what
    the index holds since `indexed_at`; the three of the last listing, begun at `listed_at`, what
    has to be brought in. At `verified_at` the source looked like the index.
    """

    source_id: str
    stream: str
    watermark: str | None = None
    basis: str | None = None
    indexed_at: datetime | None = None
    listed_watermark: str | None = None
    listed_at: datetime | None = None
    verified_at: datetime | None = None

    @property
    def proven(self) -> bool:
        """Whether the last listing was complete, and the index holds it."""
        if self.verified_at is None or self.listed_at is None:
            return False
        return self.verified_at >= self.listed_at


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

    def set_listed(self, source_id: str, stream: str, watermark: str, *, at: datetime) -> None:
        """A listing, begun `at` that time (aware), has to be brought in up to its watermark."""
        self._set(source_id, stream, listed_watermark=watermark, listed_at=at)

    def set_verified(self, source_id: str, stream: str, at: datetime) -> None:
        """A listing, begun `at` that time (aware), found the source as it is in the index."""
        self._set(source_id, stream, verified_at=at)

    def set_basis(self, source_id: str, stream: str, basis: str) -> None:
        """The index was brought to this basis in part; the watermark stays."""
        self._set(source_id, stream, basis=basis)

    def set_indexed(
        self, source_id: str, stream: str, watermark: str, basis: str, *, verified: bool
    ) -> None:
        """The index holds the listing of that watermark. `verified`: and nothing else, so that it
        is verified as of the time that listing began.
        """
        listed_then = (cursors.c.listed_watermark == watermark, cursors.c.listed_at)
        verified_at = case(listed_then, else_=cursors.c.verified_at)
        self._set(
            source_id,
            stream,
            watermark=watermark,
            basis=basis,
            indexed_at=self._clock(),
            verified_at=verified_at if verified else cursors.c.verified_at,
        )

    def _set(
        self, source_id: str, stream: str, **values: str | datetime | ColumnElement[datetime]
    ) -> None:
        key = {"source_id": source_id, "stream": stream}
        row = (cursors.c.source_id == source_id) & (cursors.c.stream == stream)
        with self._database.write() as connection:
            connection.execute(
                insert_into(connection, cursors).values(key).on_conflict_do_nothing()
            )
            connection.execute(update(cursors).where(row).values(values))
