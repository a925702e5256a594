"""The kept bare repository of one URL and filter: its lock, its wholeness, its end.

Nothing in it is precious. A cache that is damaged, or grown by more than a hundred fetches, is
discarded and fetched anew; one that nobody opened for thirty days is removed.
"""

import hashlib
import json
import os
import shutil
import time
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from sync_assets.errors import SourceUnavailable
from sync_assets.git.lock import locked

MAX_PACKS = 100
UNUSED_SECONDS = 30 * 24 * 3600
_RECORD = "sync-packs.json"

Identity = tuple[int, int]
"""Which incarnation of a cache: differs after it was discarded and made again."""


_Packs = dict[str, tuple[int, int, str]]


@dataclass(frozen=True, slots=True)
class _Record:
    """What a cache is known to hold: each pack's size and time with the digest of its index, and
    the commits whose parents it lacks.
    """

    object_format: str
    packs: _Packs
    shallow: list[str]


@dataclass(frozen=True, slots=True)
class Cache:
    """A directory (mode 0700) with a bare repository, and a lock file beside it."""

    directory: Path
    timeout_seconds: float

    def locked(self) -> AbstractContextManager[int]:
        """One writer at a time; see `lock.locked`."""
        return locked(self.directory.with_suffix(".lock"), self.timeout_seconds)

    def touch(self) -> None:
        """Note that the cache is in use, though nothing is fetched."""
        with suppress(FileNotFoundError):
            os.utime(self.directory.with_suffix(".lock"))

    def identity(self) -> Identity | None:
        """None where there is no cache."""
        try:
            status = (self.directory / "HEAD").stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return status.st_ino, status.st_mtime_ns

    def filled(self) -> bool:
        """Whether it holds any pack."""
        return any(self._pack_directory.glob("*.pack"))

    def whole(self, object_format: str) -> bool:
        """Whether it has ids of that format, and all that earlier fetches brought, unaltered.

        git itself takes a pack whose index is damaged or lost for objects that never came, and a
        lost list of shallow commits for a whole history that the server need not send again.
        """
        try:
            recorded = self._recorded()
            present = self._present(recorded.object_format, {})
        except (OSError, ValueError, KeyError):
            return False
        return (
            recorded.object_format == object_format
            and recorded.packs.items() <= present.packs.items()
            and set(recorded.shallow) <= set(present.shallow)
        )

    def outgrown(self) -> bool:
        """Every fetch adds a pack and none is ever dropped: at a hundred the cache starts anew."""
        return sum(1 for _ in self._pack_directory.glob("*.pack")) > MAX_PACKS

    def begin(self, object_format: str) -> None:
        """Note that a cache was made, still empty. Lock held."""
        self._write(_Record(object_format, {}, []))

    def record(self) -> None:
        """Note what is there now. Lock held."""
        before = self._recorded()
        self._write(self._present(before.object_format, before.packs))

    def clear_leftovers(self) -> None:
        """Remove what a killed git left: its lock files and half-written packs. Lock held."""
        for leftover in [
            *self.directory.rglob("*.lock"),
            *self.directory.glob("objects/pack/tmp_*"),
            *self.directory.glob("objects/tmp_*"),
        ]:
            leftover.unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove it. Lock held; a process that still reads from it finds objects missing."""
        if self.directory.exists():
            grave = self.directory.with_suffix(f".{os.getpid()}.{time.monotonic_ns()}.gone")
            self.directory.rename(grave)
            shutil.rmtree(grave, ignore_errors=True)  # the next new cache removes what is left

    def remove_unused_neighbours(self, now: float) -> None:
        """Remove caches that nobody used for thirty days, and graves that a kill left."""
        for lock_file in self.directory.parent.glob("*.lock"):
            if now - lock_file.stat().st_mtime > UNUSED_SECONDS:
                # One that is locked is in use after all.
                with suppress(SourceUnavailable), locked(lock_file, 0):
                    shutil.rmtree(lock_file.with_suffix(""), ignore_errors=True)
        for grave in self.directory.parent.glob("*.gone"):
            shutil.rmtree(grave, ignore_errors=True)

    def _recorded(self) -> _Record:
        record = json.loads((self.directory / _RECORD).read_bytes())
        packs = {name: tuple(facts) for name, facts in record["packs"].items()}
        return _Record(record["object_format"], packs, record["shallow"])

    def _write(self, record: _Record) -> None:
        draft = self.directory / f"{_RECORD}.draft"
        draft.write_text(json.dumps(asdict(record)))
        draft.replace(self.directory / _RECORD)

    @property
    def _pack_directory(self) -> Path:
        return self.directory / "objects" / "pack"

    def _present(self, object_format: str, known: _Packs) -> _Record:
        """What is there; facts that are `known` are not looked up again."""
        packs: _Packs = {}
        for index in sorted(self._pack_directory.glob("*.idx")):
            if index.stem in known:
                packs[index.stem] = known[index.stem]
                continue
            status = index.with_suffix(".pack").stat()
            content = hashlib.blake2b(index.read_bytes()).hexdigest()
            packs[index.stem] = (status.st_size, status.st_mtime_ns, content)
        shallow = self.directory / "shallow"
        commits = shallow.read_text().split() if shallow.exists() else []
        return _Record(object_format, packs, commits)
