"""A lock between threads and processes, by `flock` on a file beside what it guards."""

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sync_assets.errors import SourceUnavailable, StoreUnavailable

_POLL_SECONDS = 0.02


@contextmanager
def locked(path: Path, timeout_seconds: float) -> Generator[int]:
    """Hold the lock, and note in the file's time that it was taken; yields its descriptor.

    A process that inherits the descriptor holds the lock on, even when we are killed: so the
    orphan of a killed fetch ends before the next one begins. SourceUnavailable: others held it for
    longer than the time limit. StoreUnavailable: files there cannot be written.
    """
    with storing(path.parent), path.open("ab") as lock:
        _take(lock, path, timeout_seconds)
        yield lock.fileno()


@contextmanager
def storing(folder: Path) -> Generator[None]:
    """A folder that only we may enter, made if it is not there; StoreUnavailable if it cannot be
    written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise StoreUnavailable(f"{folder}: {error.strerror}") from error


def _take(lock: IO[bytes], path: Path, timeout_seconds: float) -> None:
    give_up_at = time.monotonic() + timeout_seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > give_up_at:
                raise SourceUnavailable(
                    f"{path}: another fetch has held this lock for {timeout_seconds:g} s: "
                    "run again when it has ended"
                ) from None
            time.sleep(_POLL_SECONDS)
        else:
            os.utime(lock.fileno())
            return
