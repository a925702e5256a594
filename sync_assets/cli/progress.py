"""Progress of a sync on standard error: live bars on a terminal, now and then a line elsewhere."""

import time
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from sync_assets.sync.progress import Progress as ShowProgress

_STAGES = {"fetch": "fetching documents", "embed": "embedding texts", "index": "indexing documents"}
_LINE_EVERY_SECONDS = 5.0


@contextmanager
def shown_progress() -> Generator[ShowProgress]:
    """A callback (stage, done, total) that shows what it is told."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(console)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bars:
        yield _bars(bars)


def _bars(bars: Progress) -> ShowProgress:
    tasks: dict[str, TaskID] = {}

    def show(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(_STAGES.get(stage, stage), total=total)
        bars.update(tasks[stage], completed=done, total=total)

    return show


def _lines(console: Console) -> ShowProgress:
    shown_at: dict[str, float] = {}

    def show(stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if done < total and now - shown_at.get(stage, now - 60) < _LINE_EVERY_SECONDS:
            return
        shown_at[stage] = now
        console.print(f"{_STAGES.get(stage, stage)}: {done}/{total}", highlight=False)

    return show
