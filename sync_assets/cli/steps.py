"""The steps of the demo, shown with the seconds since it began."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sync_assets.cli.answers import DemoStep
from sync_assets.cli.output import note
from sync_assets.errors import SyncAssetsError


class Steps:
    """Says what is being done, and which step failed. `logs` is where its processes write."""

    def __init__(self, logs: Path) -> None:
        self.done: list[DemoStep] = []
        self._logs = logs
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        """One line with the time, on standard error."""
        note(f"[{self._seconds():5.1f} s] {text}")

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        """One step; a SyncAssetsError inside is told with its name and the logs."""
        self.say(name)
        try:
            yield
        except SyncAssetsError as error:
            raise SyncAssetsError(
                f"The demo failed while it was {name}: {error} (logs: {self._logs})"
            ) from error
        self.done.append(DemoStep(name=name, seconds=round(self._seconds(), 1)))

    def _seconds(self) -> float:
        return time.monotonic() - self._started
