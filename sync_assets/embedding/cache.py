"""Vectors that were computed once: fingerprint and content hash to vector, bit for bit.

On Postgres the table `vectors` stands in the control database; in the embedded default it has a
SQLite file of its own, so that its bulk never delays the control database. The cache creates its
table itself: whatever it holds can be computed again, so it is never migrated.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import TypeVar

import numpy as np
from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    LargeBinary,
    MetaData,
    Table,
    Text,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.exc import DBAPIError

from sync_assets.control.database import ControlDatabase, insert_new, open_database
from sync_assets.embedding.base import Vectors
from sync_assets.embedding.cache_file import CacheFile
from sync_assets.errors import StoreUnavailable
from sync_assets.settings import Settings

T = TypeVar("T")

metadata = MetaData()

# A rowid table with a unique index: WITHOUT ROWID measured 4 times slower to read, 8 to write.
vectors = Table(
    "vectors",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("content_hash", Text, primary_key=True),
    Column("vector", LargeBinary, nullable=False, comment="float32, little-endian"),
)

_OF_MODEL = select(vectors.c.content_hash, vectors.c.vector).where(
    vectors.c.fingerprint == bindparam("fingerprint")
)
_LISTED = func.json_each(bindparam("hashes", type_=JSON)).table_valued("value")
_LOOKUPS = {
    "sqlite": _OF_MODEL.where(vectors.c.content_hash.in_(select(_LISTED.c.value))),
    "postgresql": _OF_MODEL.where(
        vectors.c.content_hash == any_(bindparam("hashes", type_=ARRAY(Text)))
    ),
}
"""All hashes as one parameter: a statement with one for each would be another for each number of
them, and SQLite's driver keeps the last 128, a megabyte each.
"""
_HASHES_A_LOOKUP = 5_000
_CREATING = 0x5EC7025
"""Key of a Postgres advisory lock: two that create one table at once would both fail."""


class VectorCache:
    """Safe from several threads and processes; end with `close`.

    Every method raises StoreUnavailable for a store that is locked, full, read-only or away. A
    damaged `file` is set aside, with a warning in the log, and an empty one takes its place.
    """

    def __init__(self, database: ControlDatabase, file: CacheFile | None = None) -> None:
        self._database = database
        self._file = file
        self._inode = file.inode() if file else 0
        self._mended(self._create)

    def get_many(self, fingerprint: str, hashes: Iterable[str]) -> dict[str, Vectors]:
        """The vectors (read-only, of shape (dimensions,)) of those hashes that are cached."""
        wanted = list(dict.fromkeys(hashes))
        return self._mended(lambda: self._get(fingerprint, wanted)) if wanted else {}

    def put_many(self, fingerprint: str, items: Mapping[str, Vectors]) -> None:
        """Keep float32 vectors by content hash, in one transaction; a hash that is there stays."""
        rows = [
            (fingerprint, content_hash, items[content_hash].astype("<f4", copy=False).tobytes())
            # In one order for all writers, else two of them could wait for each other's rows.
            for content_hash in sorted(items)
        ]
        if rows:
            self._mended(lambda: self._put(rows))

    def close(self) -> None:
        """Close the idle connections."""
        self._database.close()

    def _create(self) -> None:
        alone = self._file.alone() if self._file else nullcontext()
        with alone, self._database.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(_CREATING)))
            metadata.create_all(connection)

    def _get(self, fingerprint: str, hashes: list[str]) -> dict[str, Vectors]:
        found: dict[str, Vectors] = {}
        with self._database.read() as connection:
            lookup = _LOOKUPS[connection.dialect.name]
            for start in range(0, len(hashes), _HASHES_A_LOOKUP):
                some = hashes[start : start + _HASHES_A_LOOKUP]
                rows = connection.execute(lookup, {"fingerprint": fingerprint, "hashes": some})
                for content_hash, blob in rows:
                    found[content_hash] = np.frombuffer(blob, dtype="<f4")
        return found

    def _put(self, rows: list[tuple[str, str, bytes]]) -> None:
        with self._database.write() as connection:
            insert_new(connection, vectors, rows)

    def _mended(self, work: Callable[[], T]) -> T:
        """The outcome of `work`, tried once more on an empty file where this one is damaged."""
        inode = self._inode
        try:
            return work()
        except StoreUnavailable as error:
            if self._file is None or not _is_damage(error):
                raise
            self._file.set_aside(inode)
            self._database.close()
            self._inode = self._file.inode()
            self._create()
            return work()


def open_cache(settings: Settings) -> VectorCache:
    """The cache on a Postgres control database, else in `settings.home`/vectors.db.

    Raises StoreUnavailable, and InvalidSettings for a malformed database URL.
    """
    if settings.database_url.get_secret_value().startswith("sqlite"):
        file = CacheFile(settings.home / "vectors.db")
        return VectorCache(file.connect(), file)
    return VectorCache(open_database(settings))


def _is_damage(error: StoreUnavailable) -> bool:
    cause = error.__cause__
    name = getattr(cause.orig, "sqlite_errorname", "") if isinstance(cause, DBAPIError) else ""
    return name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))
