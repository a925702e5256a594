"""Objects of the bare repositories, read by git: one kept process a repository."""

import subprocess
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from sync_assets.sandbox.repositories import Repository, git_environment


class GitObject(NamedTuple):
    """`kind` is `blob`, `tree`, `commit` or `tag`; `data` as git stores it."""

    oid: str
    kind: str
    data: bytes


class TreeRow(NamedTuple):
    """One entry of `git ls-tree`; only blobs have a size."""

    mode: str
    kind: str
    oid: str
    size: int | None
    path: bytes


class Objects:
    """Reads any repository's objects. Safe from any thread; end it with `close`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers: dict[tuple[str, int], _Reader] = {}

    def read(self, repository: Repository, name: str | bytes) -> GitObject | None:
        """The object by its id or any of git's expressions (`COMMIT:path`); None if there is none.

        https://git-scm.com/docs/gitrevisions
        """
        place = str(repository.path)
        key = (place, repository.path.stat().st_ino)
        with self._lock:
            if key not in self._readers:
                self._readers[key] = _Reader(place)
            reader = self._readers[key]
        asked = name if isinstance(name, bytes) else name.encode()
        if b"\n" in asked:  # git's answer repeats what it does not find, line breaks and all
            command = ["git", "--git-dir", place, "rev-parse", "--verify", "--quiet", asked]
            asked = subprocess.run(
                command, capture_output=True, env=git_environment(), check=False
            ).stdout.strip()
        return reader.read(asked) if asked else None

    def commit(self, repository: Repository, ref: str) -> str | None:
        """The commit that a branch, tag or id names."""
        if ref != "HEAD" and not ref.startswith("refs/") and len(ref) != len("0" * 40):
            ref = f"refs/{ref}" if ref.startswith(("heads/", "tags/")) else f"refs/heads/{ref}"
        found = self.read(repository, f"{ref}^{{commit}}")
        return found.oid if found else None

    def tree(self, repository: Repository, oid: str, *, recursive: bool) -> tuple[TreeRow, ...]:
        """The entries of a tree, in git's order; sub-trees are entries too."""
        return _tree(str(repository.path), oid, recursive)

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            for reader in self._readers.values():
                reader.close()
            self._readers.clear()


@dataclass(slots=True)
class _Reader:
    path: str
    process: "subprocess.Popen[bytes]"
    lock: threading.Lock

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.process = _cat_file(path)

    def read(self, name: bytes) -> GitObject | None:
        with self.lock:
            if self.process.poll() is not None:  # it met a damaged object: the next may be whole
                self.close()
                self.process = _cat_file(self.path)
            asking, answers = self.process.stdin, self.process.stdout
            assert asking is not None  # noqa: S101 - pipes were asked for
            assert answers is not None  # noqa: S101
            try:
                asking.write(name + b"\0")
                asking.flush()
            except BrokenPipeError:
                return None
            head = answers.readline().decode(errors="replace").rstrip("\n").rsplit(" ", 2)
            if len(head) != len(GitObject._fields) or not head[2].isdigit():
                return None
            oid, kind, size = head
            data = answers.read(int(size) + 1)
            return GitObject(oid, kind, data[:-1]) if len(data) > int(size) else None

    def close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait()


def _cat_file(path: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        ["git", "--git-dir", path, "cat-file", "--batch", "-z"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=git_environment(),
    )


@lru_cache(maxsize=64)
def _tree(path: str, oid: str, recursive: bool) -> tuple[TreeRow, ...]:  # noqa: FBT001 - a key
    options = ("-r", "-t") if recursive else ()
    listed = subprocess.run(
        ["git", "--git-dir", path, "ls-tree", *options, "-l", "-z", "--full-tree", oid],
        capture_output=True,
        env=git_environment(),
        check=True,
    ).stdout
    rows: list[TreeRow] = []
    for line in listed.split(b"\0")[:-1]:
        facts, _, name = line.partition(b"\t")
        mode, kind, entry, size = facts.decode().split()
        rows.append(TreeRow(mode, kind, entry, int(size) if size.isdigit() else None, name))
    return tuple(rows)
