"""Runs whose process ended without a word: a power cut, a kill of everything at once.

Dagster notices a dead process only while the code server that started it lives. What it does not
notice stays `STARTED` for hours, and blocks its source's queue. So every run of ours says which
process executes it (the executor is in-process: there is one), and `registry_sync` looks.
"""

import os
import socket
from pathlib import Path

import dagster as dg

from sync_assets.pipeline import tags


def claim(instance: dg.DagsterInstance, run_id: str, pid: int | None = None) -> None:
    """A process, by default this one, executes the run. The mark names the run too, for a
    re-execution inherits it.
    """
    instance.add_run_tags(run_id, {tags.PROCESS: _mark(run_id, pid or os.getpid())})


def end_orphans(instance: dg.DagsterInstance) -> None:
    """Fail the unfinished runs whose process on this host is gone; their retries begin then."""
    for run in instance.get_runs(dg.RunsFilter(statuses=tags.UNFINISHED)):
        mark = run.tags.get(tags.PROCESS, "")
        run_id, _, place = mark.partition("@")
        host, _, pid = place.rpartition("#")[0].rpartition("/")
        if run_id != run.run_id or host != socket.gethostname():
            continue
        if mark != _mark(run_id, int(pid)):
            instance.report_run_failed(run, "The process that executed this run is gone.")


def _mark(run_id: str, pid: int) -> str:
    return f"{run_id}@{socket.gethostname()}/{pid}#{_began(pid)}"


def _began(pid: int) -> str:
    """When the process began, in ticks since the boot, so that a number used again does not pass
    for it; where the system does not say, whether it lives.
    """
    try:
        facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return "alive" if _is_alive(pid) else "gone"
    return "gone" if facts[0] == "Z" else facts[19]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    return True
