"""What our assets are given: the stores, opened for as long as they are used."""

import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import dagster as dg

from sync_assets.models import DocumentsReport, IndexReport, ListReport, SyncReport
from sync_assets.settings import Settings, load_settings
from sync_assets.stores import Clock, Stores, open_stores, utc_now
from sync_assets.sync.progress import Progress

LOG_SECONDS = 5.0
"""A run's log gets a line of progress this often at most: every line is a row of Dagster's."""


Report = ListReport | DocumentsReport | IndexReport


class StoresProvider(Protocol):
    """Stores on demand, and where progress is shown."""

    def open(self) -> AbstractContextManager[Stores]:
        """The stores, closed at the end of the block."""
        ...

    def progress(self, log: dg.DagsterLogManager) -> Progress:
        """What is told of progress; `log` is the run's."""
        ...

    def take(self, stream: str, report: Report) -> None:
        """A step of the stream's sync is done."""
        ...


Provided = dg.ResourceParam[StoresProvider]


class StoresResource(dg.ConfigurableResource[None]):
    """The stores that the environment (`SYNC_ASSETS_*`) and `.env` name. Nothing is opened, and
    no token is read, before the first use.
    """

    @contextmanager
    def open(self) -> Generator[Stores]:
        with opened(load_settings()) as stores:
            yield stores

    def progress(self, log: dg.DagsterLogManager) -> Progress:
        return logged(log)

    def take(self, stream: str, report: Report) -> None:
        """The run's metadata holds it."""


class GivenStores:
    """The stores of given settings, for a run in this very process, which wants the reports."""

    def __init__(
        self, settings: Settings, progress: Progress | None = None, *, clock: Clock = utc_now
    ) -> None:
        self.settings = settings
        self._progress = progress
        self._clock = clock
        self._reports: dict[str, list[Report]] = {}

    def open(self) -> AbstractContextManager[Stores]:
        return opened(self.settings, clock=self._clock)

    def progress(self, log: dg.DagsterLogManager) -> Progress:
        return self._progress or logged(log)

    def take(self, stream: str, report: Report) -> None:
        self._reports.setdefault(stream, []).append(report)

    def reports(self, source_id: str) -> list[SyncReport]:
        """What was taken, a report a stream."""
        return [
            SyncReport(
                source_id=source_id,
                stream=stream,
                listing=next(each for each in steps if isinstance(each, ListReport)),
                documents=next((each for each in steps if isinstance(each, DocumentsReport)), None),
                index=next((each for each in steps if isinstance(each, IndexReport)), None),
            )
            for stream, steps in self._reports.items()
        ]


@contextmanager
def opened(settings: Settings, *, clock: Clock = utc_now) -> Generator[Stores]:
    """The stores, closed at the end of the block."""
    stores = open_stores(settings, clock=clock)
    try:
        yield stores
    finally:
        stores.close()


def logged(log: dg.DagsterLogManager, monotonic: Callable[[], float] = time.monotonic) -> Progress:
    """Progress as lines of the run's log, at most one in LOG_SECONDS."""
    last = monotonic()

    def show(stage: str, done: int, total: int) -> None:
        nonlocal last
        if monotonic() - last < LOG_SECONDS:
            return
        last = monotonic()
        log.info("%s: %d of %d documents", stage, done, total)

    return show
