import signal
import socket
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


class SocketOption(Fault):
    """No fault: reads whether what is written leaves at once."""

    def __init__(self) -> None:
        self.leaves_at_once = False

    def spoil(self, wire: Wire) -> Send:
        transport = wire.connection.transport
        assert transport is not None
        connected: socket.socket = transport.get_extra_info("socket")
        found = connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        self.leaves_at_once = bool(found)
        return wire.send


class AnnouncedStall(Fault):
    """An endless stall that says when it has begun."""

    def __init__(self) -> None:
        self.begun = threading.Event()

    def spoil(self, wire: Wire) -> Send:
        self.begun.set()
        return Stalled(after_bytes=1, seconds=3600).spoil(wire)


def sandbox_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "sandbox"]


def test_a_small_answer_does_not_wait_for_an_acknowledgement(tmp_path: Path):
    option = SocketOption()
    with running_sandbox(tmp_path) as sandbox:
        sandbox.faults.add(option)
        httpx.get(sandbox.url)

    assert option.leaves_at_once


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


def test_answers_are_compressed_for_clients_that_take_it_and_counted_as_they_travel(
    tmp_path: Path,
):
    with running_sandbox(tmp_path / "served", tokens={"token": ("acme/*",)}) as sandbox:
        repository = sandbox.repositories.create("acme/shop")
        repository.commit({f"docs/page{number}.md": "# A\n" for number in range(200)})
        url = f"{sandbox.url}/api/v3/repos/acme/shop/git/trees/{repository.head()}?recursive=1"
        with httpx.Client(headers={"authorization": "Bearer token"}) as client:
            plain = client.get(url, headers={"accept-encoding": "identity"})
            with client.stream("GET", url) as zipped:
                carried = len(b"".join(zipped.iter_raw()))
            again = client.get(url, headers={"if-none-match": zipped.headers["etag"]})
        asked = list(sandbox.requests)

    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert [each.bytes_out for each in asked] == [len(plain.content), carried, 0]
    assert carried * 5 < len(plain.content)
    assert again.status_code == 304


def test_packs_of_git_and_archives_are_not_compressed_again(tmp_path: Path):
    with running_sandbox(tmp_path / "served") as sandbox:
        repository = sandbox.repositories.create("acme/shop")
        repository.commit({f"{number}.md": f"# {number}\n" for number in range(99)})
        answers = [
            httpx.get(f"{sandbox.url}/acme/shop.git/info/refs?service=git-upload-pack"),
            httpx.get(f"{sandbox.url}/api/v3/repos/acme/shop/tarball/main", follow_redirects=True),
        ]

    assert [each.status_code for each in answers] == [200, 200]
    assert not [each for each in answers if "content-encoding" in each.headers]
