"""Answers kept on disk, so that a vendor need not send again what has not changed.

Bodies are private data: the file is its owner's alone, and an answer is found again only by the
credential that it was given to. No token stands in it.
"""

import hashlib
import json
import logging
import os
import sqlite3
import threading
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from sync_assets.control.database import BUSY_SECONDS, Clock, utc_now
from sync_assets.errors import StoreUnavailable

MOST_BYTES = 64_000_000
"""Of all answers together, compressed; what was not used for longest goes first."""
UNUSED = timedelta(days=30)
_TOUCH = timedelta(days=1)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, subject TEXT NOT NULL, etag TEXT NOT NULL, headers TEXT NOT NULL,
    body BLOB NOT NULL, used_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS answers_used ON answers (used_at);
CREATE INDEX IF NOT EXISTS answers_subject ON answers (subject);
"""
_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept:
    """One answer: its ETag, those of its headers that say what it is, its body."""

    etag: str
    headers: dict[str, str]
    body: bytes


class KeptAnswers:
    """Thread-safe, and several processes may share the file. Made at the first use.

    Raises StoreUnavailable where the file cannot be written; a damaged one is begun anew.
    """

    def __init__(self, path: Path, *, clock: Clock = utc_now, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        self._clock = clock
        self._most_bytes = most_bytes
        self._lock = threading.Lock()

    def get(self, key: str) -> Kept | None:
        """What is kept under a `key_of`."""

        def read(file: sqlite3.Connection) -> Kept | None:
            query = "SELECT etag, headers, body, used_at FROM answers WHERE key = ?"
            found = file.execute(query, (key,)).fetchone()
            if found is None:
                return None
            now = self._clock().timestamp()
            if now - found[3] > _TOUCH.total_seconds():
                file.execute("UPDATE answers SET used_at = ? WHERE key = ?", (now, key))
            return Kept(found[0], json.loads(found[1]), zlib.decompress(found[2]))

        return self._on_file(read)

    def put(self, key: str, subject: str, kept: Kept) -> None:
        """Keep an answer about `subject`, in the place of an earlier one."""
        now = self._clock()
        body = zlib.compress(kept.body)
        row = (key, subject, kept.etag, json.dumps(kept.headers), body, now.timestamp())

        def write(file: sqlite3.Connection) -> None:
            file.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)", row)
            oldest = (now - UNUSED).timestamp()
            file.execute("DELETE FROM answers WHERE used_at < ?", (oldest,))
            self._make_room(file)

        self._on_file(write)

    def forget(self, subject: str) -> None:
        """All answers about a subject, whoever they were given to."""
        if self._path.exists():
            self._on_file(
                lambda file: file.execute("DELETE FROM answers WHERE subject = ?", (subject,))
            )

    def _make_room(self, file: sqlite3.Connection) -> None:
        sizes = "SELECT rowid, length(body) FROM answers ORDER BY used_at DESC, rowid DESC"
        total, gone = 0, list[tuple[int]]()
        for rowid, size in file.execute(sizes):
            total += size
            if total > self._most_bytes:
                gone.append((rowid,))
        file.executemany("DELETE FROM answers WHERE rowid = ?", gone)

    def _on_file(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """One transaction. The file may be thrown away, so that a damaged one is."""
        with self._lock:
            try:
                return self._transaction(work)
            except (sqlite3.OperationalError, OSError) as error:
                raise self._unavailable(error) from None
            except (sqlite3.DatabaseError, zlib.error, ValueError):
                _log.warning("%s was damaged: it is begun anew", self._path)
                for suffix in ("-journal", ""):
                    self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            try:
                return self._transaction(work)
            except (sqlite3.DatabaseError, OSError) as error:
                raise self._unavailable(error) from None

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS)) as file, file:
            file.executescript(_SCHEMA)
            return work(file)

    def _unavailable(self, error: Exception) -> StoreUnavailable:
        return StoreUnavailable(f"{self._path} cannot be used: {error}")


def key_of(credential: str, url: str, accept: str) -> str:
    """The same request by the same credential; it tells nothing of either."""
    return hashlib.blake2b(f"{credential}\n{accept}\n{url}".encode(), digest_size=16).hexdigest()
