"""Real processes on one credential and one control database, against a vendor that counts."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync_assets.control.budgets import Budgets
from sync_assets.control.database import ControlDatabase
from sync_assets.control.grants import GRANT_POINTS
from sync_assets.sandbox.github.limits import Limits
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.settings import Settings
from sync_assets_tests.http import call_until_limited

TOKEN = "tok3n-planted"
Start = Callable[[int], "subprocess.Popen[str]"]


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    limits = Limits(core=150)
    with running_sandbox(tmp_path / "served", tokens={TOKEN: ()}, limits=limits) as sandbox:
        sandbox.repositories.create("acme/x").commit({"README.md": "# X\n"})
        yield sandbox


@pytest.fixture
def start(settings: Settings, sandbox: Sandbox, database: ControlDatabase) -> Start:
    """Starts a process that calls; its argument: stop after so many calls."""
    program = str(call_until_limited.__file__)
    api = f"{sandbox.url}/api/v3"

    def run(stop_after: int) -> "subprocess.Popen[str]":
        command = [sys.executable, program, str(settings.home), api, TOKEN, str(stop_after)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    return run


def test_two_processes_use_the_whole_budget_and_are_never_refused(
    sandbox: Sandbox, start: Start, database: ControlDatabase
):
    processes = [start(0), start(0)]
    counts = [int(process.communicate(timeout=60)[0]) for process in processes]

    assert sandbox.limits.refused == []
    assert sandbox.limits.overspent == 0
    assert sandbox.limits.highest_at_once <= 2 * call_until_limited.THREADS
    assert sum(counts) == sandbox.limits.spent["core"] == 150
    assert min(counts) > 0
    ((_, core),) = [each for each in Budgets(database).all() if each[0].resource == "core"]
    assert (core.remaining, core.outstanding()) == (0, 0)


def test_a_killed_process_wastes_its_grant_and_overspends_nothing(sandbox: Sandbox, start: Start):
    killed = start(3)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "holding\n"
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    killed.stdout.close()

    after = int(start(0).communicate(timeout=60)[0])

    assert sandbox.limits.refused == []
    assert 150 - 3 - GRANT_POINTS <= after <= 150 - 3
