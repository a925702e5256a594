"""Child processes that end with us: each in its own process group, each with its log file."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from sync_assets.errors import SyncAssetsError

STOP_SECONDS = 15.0
_GRACE_SECONDS = 2.0
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Child:
    """A running program. Its process group holds all that it starts itself."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def signal_group(self, number: signal.Signals) -> None:
        """Signal the program and all that it started; nothing where they are gone."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return

    def group_is_alive(self) -> bool:
        """Whether any process of the group is left; reaps the program itself."""
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True


class Children:
    """Programs started together and stopped together."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    def start(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        log: Path,
        environ: Mapping[str, str],
        folder: Path,
        keep: int,
    ) -> Child:
        """Start a program in `folder`; its output is appended to `log`. It inherits the
        descriptor `keep`.
        """
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=dict(environ),
                pass_fds=(keep,),
                start_new_session=True,  # a Ctrl-C reaches us alone: we stop them in order
            )
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def check(self) -> None:
        """Raise SyncAssetsError, naming the log, where a program ended by itself."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                raise SyncAssetsError(f"{child.name} ended with code {code}; see {child.log}")

    def wait_until(
        self,
        probe: Callable[[], bool],
        *,
        what: str,
        log: Path,
        seconds: float,
        every: float = _POLL_SECONDS,
    ) -> None:
        """Ask `probe` until it says yes; SyncAssetsError after `seconds` or when a program ends."""
        deadline = time.monotonic() + seconds
        while not probe():
            self.check()
            if time.monotonic() > deadline:
                raise SyncAssetsError(f"{what} took more than {seconds:.0f} s; see {log}")
            time.sleep(every)

    def wait(self) -> None:
        """Until interrupted, or a program ends by itself (SyncAssetsError)."""
        while True:
            self.check()
            time.sleep(_POLL_SECONDS)

    def stop(self, seconds: float) -> None:
        """End every process group: all are asked at once, and killed after `seconds`."""
        deadline = time.monotonic() + seconds
        for child in reversed(self._children):
            child.signal_group(signal.SIGTERM)
        while self._children:
            child = self._children.pop()
            while child.process.poll() is None and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
            # What it started has seen the same signal; a short grace is enough.
            until = min(deadline, time.monotonic() + _GRACE_SECONDS)
            while child.group_is_alive() and time.monotonic() < until:
                time.sleep(_POLL_SECONDS)
            if child.group_is_alive():
                child.signal_group(signal.SIGKILL)
            child.process.wait()


@contextmanager
def running_children(stop_seconds: float = STOP_SECONDS) -> Generator[Children]:
    """Children that are stopped when the block ends, however it ends."""
    children = Children()
    try:
        yield children
    finally:
        with _deaf():
            children.stop(stop_seconds)


@contextmanager
def stoppable() -> Generator[None]:
    """Ctrl-C, SIGTERM and a closed terminal all raise KeyboardInterrupt here.

    Set explicitly: a shell's background job inherits an ignored SIGINT, and would pass it on.
    """
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, _interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _deaf() -> Generator[None]:
    """A second Ctrl-C does not abandon children half-way; the stop has its own deadline."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def wait_for_signal() -> None:
    """Until interrupted."""
    while True:
        signal.pause()
