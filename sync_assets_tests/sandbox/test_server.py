import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from starlette.types import Send

from sync_assets.errors import InvalidSettings
from sync_assets.sandbox.faults import Fault, Stalled, Wire
from sync_assets.sandbox.server import running_sandbox
from sync_assets_tests.sandbox.git_client import clone, git

SERVE = """
import signal
import sys
from pathlib import Path
from sync_assets.sandbox.server import serve

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in background

serve(Path(sys.argv[1]), 0, lambda sandbox: print(sandbox.url, flush=True))
"""


class AnnouncedStall(Fault):
    """An endless stall that says when it has begun."""

    def __init__(self) -> None:
        self.begun = threading.Event()

    def spoil(self, wire: Wire) -> Send:
        self.begun.set()
        return Stalled(after_bytes=1, seconds=3600).spoil(wire)


def sandbox_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "sandbox"]


def test_leaving_ends_the_thread_and_frees_the_port(tmp_path: Path):
    with running_sandbox(tmp_path) as sandbox:
        assert sandbox_threads() == ["sandbox"]
        assert httpx.get(sandbox.url).status_code == 404
    assert sandbox_threads() == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(sandbox.url)
    with running_sandbox(tmp_path, port=httpx.URL(sandbox.url).port or 0) as again:
        assert again.url == sandbox.url


def test_leaving_does_not_wait_for_a_stalled_answer(tmp_path: Path):
    with ThreadPoolExecutor(1) as pool:
        with running_sandbox(tmp_path / "served") as sandbox:
            sandbox.repositories.create("acme/shop").commit({"a.md": "1"})
            stalled = AnnouncedStall()
            sandbox.faults.add(stalled, service="ls-refs")
            failed = pool.submit(clone, sandbox, "acme/shop", tmp_path / "clone")
            assert stalled.begun.wait(20)
        assert failed.result().returncode == 128
    assert sandbox_threads() == []


def test_an_error_inside_still_ends_the_thread(tmp_path: Path):
    def fail_inside() -> None:
        with running_sandbox(tmp_path):
            raise KeyError("inside")

    with pytest.raises(KeyError, match="inside"):
        fail_inside()
    assert sandbox_threads() == []


def test_a_taken_port_is_named(tmp_path: Path):
    with running_sandbox(tmp_path) as sandbox:
        port = httpx.URL(sandbox.url).port or 0
        with (
            pytest.raises(InvalidSettings, match=f"port {port}"),
            running_sandbox(tmp_path, port=port),
        ):
            raise NotImplementedError


def test_two_sandboxes_stand_side_by_side(tmp_path: Path):
    with running_sandbox(tmp_path / "one") as one, running_sandbox(tmp_path / "two") as two:
        head = one.repositories.create("acme/shop").commit({"a.md": "1"})
        assert head in git("ls-remote", f"{one.url}/acme/shop.git").stdout
        assert git("ls-remote", f"{two.url}/acme/shop.git").returncode == 128
        assert (len(one.requests), len(two.requests)) == (2, 1)


def test_repositories_are_still_there_after_a_restart(tmp_path: Path):
    with running_sandbox(tmp_path) as sandbox:
        head = sandbox.repositories.create("acme/shop").commit({"a.md": "1"})
    with running_sandbox(tmp_path) as sandbox:
        assert head in git("ls-remote", f"{sandbox.url}/acme/shop.git").stdout


def test_serve_answers_until_it_is_interrupted(tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-c", SERVE, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx.get(url).status_code == 404
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
