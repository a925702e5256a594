"""How much a source lets us ask for at once, as its failures taught us."""

from collections.abc import Mapping

from sqlalchemy import delete, select

from sync_assets.control.database import Clock, ControlDatabase, insert_into, utc_now
from sync_assets.control.schema import learned_sizes


class LearnedSizes:
    """Rows of `learned_sizes`: by kind (`batch`, `page`), what is less than the default."""

    def __init__(self, database: ControlDatabase, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def get(self, source_id: str, stream: str) -> Mapping[str, int]:
        """The sizes learned, by kind."""
        query = select(learned_sizes.c.kind, learned_sizes.c.size).where(
            learned_sizes.c.source_id == source_id, learned_sizes.c.stream == stream
        )
        with self._database.read() as connection:
            return {row.kind: row.size for row in connection.execute(query)}

    def set(self, source_id: str, stream: str, kind: str, size: int | None) -> None:
        """Remember a size; None: it has grown back to the default."""
        if self.get(source_id, stream).get(kind) == size:
            return
        key = {"source_id": source_id, "stream": stream, "kind": kind}
        mine = [learned_sizes.c[name] == value for name, value in key.items()]
        with self._database.write() as connection:
            connection.execute(delete(learned_sizes).where(*mine))
            if size is not None:
                values = {**key, "size": size, "learned_at": self._clock()}
                connection.execute(insert_into(connection, learned_sizes).values(values))
