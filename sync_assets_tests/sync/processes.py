"""Syncing processes under the tests' control, a repository that changes, and what a reader sees."""

import os
import random
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

from sync_assets_tests import oracle

PAUSE_SECONDS = 0.02
"""Of a reader between two reads: what it reads would else have no processor to be written with."""


class Process:
    """A syncer; `begin` starts a sync, `outcome` waits for its end."""

    def __init__(self, home: Path, source_id: str) -> None:
        command = [sys.executable, "-m", "sync_assets_tests.sync.syncer", str(home), source_id]
        root = Path(__file__).parents[2]
        self.popen = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
        )

    def wait_until_ready(self) -> "Process":
        assert self.outcome() == "ready"
        return self

    def begin(self, stop_at: str = "") -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.write(f"{stop_at}\n")
        self.popen.stdin.flush()

    def outcome(self) -> str:
        assert self.popen.stdout is not None
        return self.popen.stdout.readline().strip()

    def wait_until_stopped(self) -> None:
        """Until it has stopped itself, as SIGSTOP does."""
        os.waitid(os.P_PID, self.popen.pid, os.WSTOPPED | os.WNOWAIT)

    def run_for(self, seconds: float) -> None:
        """Let it work for so long; it does not end by itself."""
        try:
            self.popen.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return

    def kill(self) -> None:
        self.popen.kill()
        self.close()

    def close(self) -> None:
        for pipe in (self.popen.stdin, self.popen.stdout):
            if pipe is not None:
                pipe.close()
        self.popen.wait()


class ChangingRepository:
    """A real git repository, every version of whose files is remembered."""

    def __init__(self, path: Path, files: int = 40) -> None:
        self.path = path
        self.random = random.Random(7)
        self.versions: dict[str, set[str]] = defaultdict(set)
        path.mkdir(parents=True)
        oracle.git(path, "init", "--quiet", "--initial-branch=main")
        for name in ("user.name", "user.email"):
            oracle.git(path, "config", name, "tester")
        self.names = [f"src/module_{n % 5}/file_{n}.py" for n in range(files)]
        for name in self.names:
            self._write(name)
        self._commit()

    def change(self) -> None:
        """Edit some files, delete one, rename one, bring one back."""
        for name in self.random.sample(self.names, 8):
            self._write(name)
        doomed, moved = self.random.sample(self.names, 2)
        (self.path / doomed).unlink(missing_ok=True)
        if (self.path / moved).exists():
            (self.path / moved).rename(self.path / f"{moved}.moved.py")
            self.versions[f"{moved}.moved.py"] |= self.versions[moved]
        self._commit()

    def searchable(self) -> dict[str, tuple[str, str]]:
        return oracle.searchable_files(self.path, "HEAD")

    def _write(self, name: str) -> None:
        lines = self.random.randrange(5, 60)
        salt = self.random.randrange(10**9)
        text = "".join(f"def function_{n}():\n    return {salt + n}\n\n" for n in range(lines))
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.versions[name].add(text)

    def _commit(self) -> None:
        oracle.git(self.path, "add", "--all")
        oracle.git(self.path, "commit", "--quiet", "--allow-empty", "--message", "change")


def torn(rows: Sequence[dict[str, Any]], versions: dict[str, set[str]]) -> list[str]:
    """Documents in search that are not whole: neither the old version nor the new one."""
    documents: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        documents[row["path"]].append(row)
    faults: list[str] = []
    for path, chunks in documents.items():
        chunks.sort(key=lambda chunk: chunk["position"])
        found = [chunk["text"].strip() for chunk in chunks]
        whole = "".join("".join(found).split())
        if whole not in {"".join(text.split()) for text in versions[path]}:
            faults.append(f"{path}: {len(chunks)} chunks are no version of it")
    return faults


class Reader(AbstractContextManager["Reader"]):
    """Reads all of a source's chunks again and again, and remembers what was torn."""

    def __init__(self, index_uri: str, source_id: str, repository: ChangingRepository) -> None:
        self.reads = 0
        self.faults: list[str] = []
        self._work = (index_uri, source_id, repository)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _read(self) -> None:
        index_uri, source_id, repository = self._work
        while not self._ended.is_set():
            rows = oracle.rows(index_uri, "chunks", source_id)
            self.faults += torn(rows, {name: set(v) for name, v in repository.versions.items()})
            self.reads += 1
            self._ended.wait(PAUSE_SECONDS)
