"""Reads blobs from the cache through `git cat-file --batch` processes that live for a session."""

import fcntl
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from sync_assets.git.cache import Identity
from sync_assets.git.command import Git, end, pipes
from sync_assets.git.environment import LOCAL_SETTINGS
from sync_assets.git.errors import CorruptCache
from sync_assets.git.objects import Blob, blob_id

_ASKED_AT_ONCE = 500
"""Ids written before their answers are read: fewer than fill a pipe, so that nobody waits."""
_PIECE_BYTES = 1 << 16
_PIPE_BYTES = 1 << 20
"""Git can write ahead of us, and we need not take turns blob by blob."""


@dataclass(frozen=True, slots=True)
class _Reader:
    process: subprocess.Popen[bytes]
    cache: Identity | None


class BlobReaders:
    """As many processes as threads read at once; each is used again. Safe from any thread."""

    def __init__(self, git: Git, identity: Callable[[], Identity | None]) -> None:
        self._git = git
        self._identity = identity
        self._lock = threading.Lock()
        self._idle: list[_Reader] = []

    def read(self, oids: Sequence[str], limit: int) -> Iterator[Blob]:
        """Each blob that the cache has, with content up to `limit` bytes, checked by its hash.

        Missing ones are left out. CorruptCache: git failed, or a content does not fit its name.
        """
        with self._reader() as process:
            for start in range(0, len(oids), _ASKED_AT_ONCE):
                asked = oids[start : start + _ASKED_AT_ONCE]
                requests, answers = pipes(process)
                try:
                    requests.write("".join(f"{oid}\n" for oid in asked).encode())
                    requests.flush()
                except BrokenPipeError:
                    raise self._corrupt("git ended") from None
                for oid in asked:
                    blob = self._answer(answers, oid, limit)
                    if blob is not None:
                        yield blob

    def close(self) -> None:
        """End the idle processes."""
        with self._lock:
            idle, self._idle = self._idle, []
        for reader in idle:
            end(reader.process)

    @contextmanager
    def _reader(self) -> Generator[subprocess.Popen[bytes]]:
        """A process to read from; one that was left in the middle of an answer is not kept."""
        cache = self._identity()
        with self._lock:
            reader = self._idle.pop() if self._idle else None
        if reader is not None and reader.cache != cache:
            end(reader.process)
            reader = None
        if reader is None:
            reader = _Reader(self._start(), cache)
        try:
            yield reader.process
        except BaseException:
            end(reader.process)
            raise
        with self._lock:
            self._idle.append(reader)

    def _start(self) -> subprocess.Popen[bytes]:
        process = self._git.spawn(
            LOCAL_SETTINGS, "cat-file", "--batch", messages=subprocess.DEVNULL
        )
        _, answers = pipes(process)
        if sys.platform == "linux":
            with suppress(PermissionError):  # over the user's limit: it stays small and works
                fcntl.fcntl(answers, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        return process

    def _answer(self, answers: IO[bytes], oid: str, limit: int) -> Blob | None:
        head = answers.readline().decode("ascii", "replace").split()
        match head:
            case [_, "missing"]:
                return None
            case [name, "blob", size] if name == oid:
                return self._blob(answers, oid, int(size), limit)
            case _:
                raise self._corrupt(f"git answered {' '.join(head) or 'nothing'} for blob {oid}")

    def _blob(self, answers: IO[bytes], oid: str, size: int, limit: int) -> Blob:
        if size > limit:
            self._skip(answers, size + 1)
            return Blob(oid, size, None)
        data = answers.read(size + 1)[:-1]
        if len(data) != size or blob_id(data, oid) != oid:
            raise self._corrupt(f"blob {oid} does not have the content of its name")
        return Blob(oid, size, data)

    def _skip(self, answers: IO[bytes], size: int) -> None:
        while size > 0:
            piece = answers.read(min(size, _PIECE_BYTES))
            if not piece:
                raise self._corrupt("git ended")
            size -= len(piece)

    def _corrupt(self, reason: str) -> CorruptCache:
        return CorruptCache(f"{self._git.address}: the cache cannot be read: {reason}")
