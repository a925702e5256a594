import os
import signal
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from sync_assets.cli.processes import Children, running_children, stoppable
from sync_assets.errors import SyncAssetsError
from sync_assets_tests.waiting import wait

READY = "print('ready', flush=True)"
FOREVER = f"{READY}; import signal; signal.pause()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {FOREVER}"
WITH_CHILD = (
    "import subprocess, sys, signal;"
    " child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']);"
    " print('ready', child.pid, flush=True); signal.pause()"
)


@pytest.fixture(autouse=True)
def _with_the_signals_of_up() -> Generator[None]:
    """Where SIGINT is ignored, as in a background job, a run of Dagster in this process leaves
    SIGTERM ignored too: what is started here would inherit that, and not end before it is killed.
    """
    with stoppable():
        yield


def _start(children: Children, folder: Path, code: str, name: str = "worker") -> Path:
    """Start a program; its log, once it says that it is ready."""
    log = folder / f"{name}.log"
    with (folder / "lock").open("w") as lock:
        children.start(
            name,
            [sys.executable, "-c", code],
            log=log,
            environ=os.environ,
            folder=folder,
            keep=lock.fileno(),
        )
    children.wait_until(lambda: "ready" in log.read_text(), what="The start", log=log, seconds=30)
    return log


def _is_alive(pid: int) -> bool:
    """A dead process that nobody has reaped (Linux: state Z) does not count."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def _wait_until_dead(pid: int) -> None:
    """A killed process takes the kernel a moment to be gone."""
    wait(lambda: not _is_alive(pid), f"the end of process {pid}", seconds=10)


def test_program_that_ends_by_itself_is_named_with_its_code_and_log(tmp_path: Path):
    with running_children() as children:
        log = _start(children, tmp_path, f"{READY}; import sys; sys.stdin.read(); sys.exit(7)")

        with pytest.raises(SyncAssetsError, match=rf"worker ended with code 7; see {log}"):
            children.wait()


def test_what_is_not_ready_in_time_is_named_with_its_log(tmp_path: Path):
    with running_children() as children:
        log = _start(children, tmp_path, FOREVER)

        with pytest.raises(SyncAssetsError, match=f"The tea took more than 0 s; see {log}"):
            children.wait_until(lambda: False, what="The tea", log=log, seconds=0)


def test_stop_ends_what_a_program_has_started_itself(tmp_path: Path):
    with running_children() as children:
        log = _start(children, tmp_path, WITH_CHILD)
        grandchild = int(log.read_text().split()[1])
        assert _is_alive(grandchild)

    _wait_until_dead(grandchild)


def test_stop_kills_a_program_that_will_not_end(tmp_path: Path):
    children = Children()
    _start(children, tmp_path, STUBBORN)

    children.stop(seconds=0.2)

    children.check()  # nothing is left that could have ended


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_way_to_stop_us_becomes_an_interrupt(number: signal.Signals):
    before = signal.getsignal(number)

    with pytest.raises(KeyboardInterrupt), stoppable():
        os.kill(os.getpid(), number)

    assert signal.getsignal(number) == before


def test_program_gets_the_default_signals_even_where_we_were_told_to_ignore_them(tmp_path: Path):
    code = f"import signal; print(signal.getsignal(signal.SIGINT)); {FOREVER}"
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stoppable(), running_children() as children:
            log = _start(children, tmp_path, code)
    finally:
        signal.signal(signal.SIGINT, before)

    assert "default_int_handler" in log.read_text()
