import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sync_assets.errors import SourceUnavailable, StoreUnavailable
from sync_assets.git.lock import locked


def test_second_holder_waits_until_the_first_has_left(tmp_path: Path):
    path, order, entered = tmp_path / "x.lock", list[str](), threading.Event()

    def second() -> None:
        entered.set()
        with locked(path, 10):
            order.append("second")

    thread = threading.Thread(target=second)
    with locked(path, 10):
        thread.start()
        entered.wait()
        order.append("first")
    thread.join()

    assert order == ["first", "second"]


def test_waiting_ends_at_the_time_limit(tmp_path: Path):
    path = tmp_path / "x.lock"

    with (
        locked(path, 1),
        pytest.raises(SourceUnavailable, match="another fetch"),
        locked(path, 0.05),
    ):
        raise AssertionError("both are in")


def test_orphan_that_inherited_the_lock_holds_it_on(tmp_path: Path):
    path = tmp_path / "x.lock"
    with locked(path, 1) as lock:
        command = [sys.executable, "-c", "input()"]
        orphan = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[lock])

    with pytest.raises(SourceUnavailable), locked(path, 0.05):
        raise AssertionError("the orphan holds it")

    orphan.communicate(b"\n")
    with locked(path, 1):
        pass


def test_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").touch()

    with pytest.raises(StoreUnavailable, match="file"), locked(tmp_path / "file" / "x.lock", 1):
        raise AssertionError("there is no folder")
