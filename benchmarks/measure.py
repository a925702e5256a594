"""What a process costs, seen from outside: its imports and its children included."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


class BenchmarkFailed(Exception):
    """A benchmark has no result; the message says why."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that ended well. `cpu_seconds`: user and system, of its own children too."""

    output: str
    seconds: float
    cpu_seconds: float


def run_process(
    command: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
    *,
    keep_output: bool = True,
) -> Process:
    """Run to the end; BenchmarkFailed with the end of its messages where it fails."""
    with tempfile.TemporaryFile() as messages:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if keep_output else subprocess.DEVNULL,
            stderr=messages,
            env=environment,
            cwd=ROOT,
        )
        output = b"" if process.stdout is None else process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.stdout is not None:
            process.stdout.close()
        if process.returncode != 0:
            messages.seek(0)
            said = messages.read().decode(errors="replace")[-2_000:]
            raise BenchmarkFailed(f"{Path(command[0]).name} {command[1]} failed:\n{said}")
    return Process(output.decode(), seconds, usage.ru_utime + usage.ru_stime)


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of ours with this interpreter."""
    return [sys.executable, "-m", module, *arguments]


def our_environment(home: Path, **settings: str) -> dict[str, str]:
    """The environment of a process of ours: its own HOME, the hash embedder, nothing inherited."""
    own = {name: value for name, value in os.environ.items() if "SYNC_ASSETS_" not in name}
    given = {"HOME": str(home), "EMBEDDER": "hash"} | settings
    return own | {f"SYNC_ASSETS_{name}": value for name, value in given.items()}
