"""The kept bare repository of one URL and filter: its lock, its wholeness, its end.

Nothing in it is precious. A cache that is damaged, or grown by more than a hundred fetches, is
discarded and fetched anew; one that nobody opened for thirty days is removed.
"""

import hashlib
import json
import os
import shutil
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sync_assets.git.lock import locked

MAX_PACKS = 100
UNUSED_SECONDS = 30 * 24 * 3600
_RECORD = "sync-packs.json"

Identity = tuple[int, int]
"""Which incarnation of a cache: differs after it was discarded and made again."""


@dataclass(frozen=True, slots=True)
class Cache:
    """A directory (mode 0700) with a bare repository, and a lock file beside it."""

    directory: Path
    timeout_seconds: float

    def locked(self) -> AbstractContextManager[int]:
        """One writer at a time; see `lock.locked`."""
        return locked(self.directory.with_suffix(".lock"), self.timeout_seconds)

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

    def whole(self) -> bool:
        """Whether all that earlier fetches brought is there, with its indexes unaltered.

        git itself takes a pack whose index is damaged or lost for objects that never came. The
        packs need no checksum: whatever is read from them is checked by its hash.
        """
        try:
            recorded = cast("dict[str, list[object]]", json.loads(self._record.read_bytes()))
            present = self._packs(known={})
        except (OSError, ValueError):
            return False
        return all(present.get(name) == facts for name, facts in recorded.items())

    def outgrown(self) -> bool:
        """Every fetch adds a pack and none is ever dropped: at a hundred the cache starts anew."""
        return sum(1 for _ in self._pack_directory.glob("*.pack")) > MAX_PACKS

    def record(self) -> None:
        """Note what is there now. Call with the lock held."""
        try:
            known = cast("dict[str, list[object]]", json.loads(self._record.read_bytes()))
        except FileNotFoundError:
            known = {}
        draft = self._record.with_suffix(".draft")
        draft.write_text(json.dumps(self._packs(known)))
        draft.replace(self._record)

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
        """Remove caches whose locks nobody took for thirty days, and graves that a kill left."""
        for lock_file in self.directory.parent.glob("*.lock"):
            if now - lock_file.stat().st_mtime > UNUSED_SECONDS:
                shutil.rmtree(lock_file.with_suffix(""), ignore_errors=True)
        for grave in self.directory.parent.glob("*.gone"):
            shutil.rmtree(grave, ignore_errors=True)

    @property
    def _record(self) -> Path:
        return self.directory / _RECORD

    @property
    def _pack_directory(self) -> Path:
        return self.directory / "objects" / "pack"

    def _packs(self, known: dict[str, list[object]]) -> dict[str, list[object]]:
        """Each pack's size and its index's digest; a pack's name is that of its content."""
        packs: dict[str, list[object]] = {}
        for index in sorted(self._pack_directory.glob("*.idx")):
            if index.stem in known:
                packs[index.stem] = known[index.stem]
                continue
            size = index.with_suffix(".pack").stat().st_size
            packs[index.stem] = [size, hashlib.blake2b(index.read_bytes()).hexdigest()]
        return packs
