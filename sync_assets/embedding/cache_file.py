"""The SQLite file of the vector cache, in the embedded default."""

import logging
import os
from contextlib import AbstractContextManager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import URL, create_engine, event

from sync_assets.control.database import BUSY_SECONDS, ControlDatabase
from sync_assets.embedding.locking import locked
from sync_assets.errors import StoreUnavailable

_log = logging.getLogger(__name__)


class CacheFile:
    """A file that may be thrown away: when damaged it is set aside and an empty one begun.

    Every method raises StoreUnavailable where the file or its folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def alone(self) -> AbstractContextManager[None]:
        """Hold off other processes that would create or set aside the file."""
        return locked(self.path.with_suffix(".lock"))

    def inode(self) -> int:
        """Which file stands at the path, made if none does: private, as the texts behind it are."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            return os.fstat(descriptor).st_ino
        finally:
            os.close(descriptor)

    def connect(self, busy_seconds: float = BUSY_SECONDS) -> ControlDatabase:
        """Transactions on the file; connections are opened as they are needed."""
        url = URL.create("sqlite", database=str(self.path))
        engine = create_engine(url, connect_args={"timeout": busy_seconds}, hide_parameters=True)

        @event.listens_for(engine, "connect")
        def _(raw: SqliteConnection, _record: object) -> None:
            # Before the first table only. Ten vectors a page waste less than two of 4 KiB do, and
            # take two thirds of the time to write.
            raw.execute("PRAGMA page_size = 16384")
            raw.execute("PRAGMA journal_mode = WAL")
            # A power cut may lose the last vectors, never damage the file: enough for a cache.
            raw.execute("PRAGMA synchronous = NORMAL")

        return ControlDatabase(engine, f"The vector cache {self.path}")

    def set_aside(self, damaged: int) -> None:
        """Rename the file to FILE.damaged, unless it is another one than `damaged` by now."""
        with self.alone():
            if self.inode() != damaged:
                return
            aside = self.path.with_name(self.path.name + ".damaged")
            try:
                # The log first: left beside a new file, SQLite would replay it into that one.
                for suffix in ("-wal", "-shm", ""):
                    part = self.path.with_name(self.path.name + suffix)
                    if part.exists():
                        part.replace(aside.with_name(aside.name + suffix))
            except OSError as error:
                raise self._unwritable(error) from error
        _log.warning("the vector cache was damaged: set aside as %s, it fills anew", aside)

    def _unwritable(self, error: OSError) -> StoreUnavailable:
        return StoreUnavailable(
            f"The vector cache {self.path} cannot be written ({error.strerror}):"
            " set SYNC_ASSETS_HOME to a folder that can be"
        )
