import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from sync_assets.sandbox.faults import (
    Answer,
    Fault,
    Faults,
    Replaced,
    Reset,
    Slow,
    Stalled,
    Truncated,
    html_page,
)
from sync_assets.sandbox.server import Sandbox
from sync_assets.sandbox.traffic import Request
from sync_assets_tests.sandbox.git_client import clone, tree

REFS = "/acme/shop.git/info/refs?service=git-upload-pack"


def shop(sandbox: Sandbox) -> Path:
    """A repository whose pack is larger than a network packet."""
    served = sandbox.repositories.create("acme/shop")
    served.commit({f"{n}.bin": bytes((n * k) % 251 for k in range(2000)) for n in range(200)})
    return served.path


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Reset(3000), "Connection reset by peer"),
        (Truncated(3000), "early EOF"),
        (Answer(503), "returned error: 503"),
        (Answer(429, headers={"retry-after": "60"}), "returned error: 429"),
        (Answer(403), "returned error: 403"),
        (Answer(404), "returned error: 404"),
        (Answer(401, headers={"www-authenticate": "Basic"}), "could not read Username"),
        (html_page(), "bad line length character: <!do"),
    ],
)
def test_git_fails_with_the_error_of_the_fault_and_succeeds_after_it(
    sandbox: Sandbox, tmp_path: Path, fault: Fault, message: str
):
    served = shop(sandbox)
    sandbox.faults.add(fault, service="fetch")
    failed = clone(sandbox, "acme/shop", tmp_path / "failed")
    assert failed.returncode == 128
    assert message in failed.stderr
    assert sandbox.faults.pending == 0
    assert clone(sandbox, "acme/shop", tmp_path / "clone").returncode == 0
    assert tree(tmp_path / "clone") == tree(served)


def test_a_refused_connection_is_reset_before_any_answer(sandbox: Sandbox, tmp_path: Path):
    shop(sandbox)
    sandbox.faults.add(Reset(), times=2)
    failed = clone(sandbox, "acme/shop", tmp_path / "failed")
    assert "unable to access" in failed.stderr
    assert {request.status for request in sandbox.requests} == {0}


def test_a_reset_is_a_tcp_reset_and_no_end(sandbox: Sandbox):
    shop(sandbox)
    sandbox.faults.add(Reset(after_bytes=10))
    with pytest.raises(httpx.ReadError, match="reset"):
        httpx.get(sandbox.url + REFS)
    assert sandbox.requests[-1].bytes_out == 10


def test_a_truncated_answer_ends_as_if_it_were_whole(sandbox: Sandbox):
    shop(sandbox)
    whole = httpx.get(sandbox.url + REFS).content
    sandbox.faults.add(Truncated(after_bytes=40))
    assert httpx.get(sandbox.url + REFS).content == whole[:40]


def test_a_fault_behind_the_end_of_a_body_still_strikes(sandbox: Sandbox):
    shop(sandbox)
    sandbox.faults.add(Reset(after_bytes=10**6))
    with pytest.raises(httpx.ReadError):
        httpx.get(sandbox.url + REFS)


@pytest.mark.parametrize("fault", [Stalled(after_bytes=30, seconds=0.3), Slow(1000)])
def test_a_delayed_answer_is_late_and_whole(sandbox: Sandbox, fault: Fault):
    shop(sandbox)
    whole = httpx.get(sandbox.url + REFS).content
    sandbox.faults.add(fault)
    late = httpx.get(sandbox.url + REFS)
    assert late.content == whole
    assert late.elapsed.total_seconds() >= 0.29


def test_a_client_that_gives_up_ends_the_stalled_answer(sandbox: Sandbox, tmp_path: Path):
    shop(sandbox)
    sandbox.faults.add(Stalled(after_bytes=100, seconds=600), service="fetch")
    failed = clone(
        sandbox, "acme/shop", tmp_path / "clone", http_lowSpeedLimit="1", http_lowSpeedTime="1"
    )
    assert "Operation too slow" in failed.stderr


def test_faults_strike_the_next_matching_requests_in_order():
    faults = Faults()
    busy, gone = Answer(503), Answer(404)
    faults.add(busy, times=2, service="fetch")
    faults.add(gone, path="acme/shop")
    met = [
        faults.take(Request("POST", path, 1, service=service))
        for path, service in [
            ("/acme/other.git", "ls-refs"),
            ("/acme/other.git", "fetch"),
            ("/acme/shop.git", "fetch"),
            ("/acme/shop.git", "fetch"),
            ("/acme/shop.git", "fetch"),
        ]
    ]
    assert met == [None, busy, busy, gone, None]


def test_each_fault_strikes_once_however_many_threads_ask():
    faults = Faults()
    faults.add(Answer(503), times=100)
    struck: list[Fault] = []

    def ask() -> None:
        for _ in range(100):
            fault = faults.take(Request("GET", "/", 1))
            if fault is not None:
                struck.append(fault)

    run_together(ask, threads=4)
    assert (len(struck), faults.pending) == (100, 0)


def test_faults_that_are_cleared_do_not_happen(sandbox: Sandbox):
    shop(sandbox)
    sandbox.faults.add(Answer(503), times=5)
    sandbox.faults.clear()
    assert httpx.get(sandbox.url + REFS).status_code == 200


def run_together(work: Callable[[], None], *, threads: int) -> None:
    started = [threading.Thread(target=work) for _ in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


def test_replaced_bytes_arrive_in_the_others_place(sandbox: Sandbox):
    repository = sandbox.repositories.create("acme/shop")
    commit = repository.commit({"a.txt": "one two one\n"})
    sandbox.faults.add(Replaced(b"one", b"six"))
    url = f"{sandbox.url}/raw/acme/shop/{commit}/a.txt"

    assert [httpx.get(url).text for _ in range(2)] == ["six two six\n", "one two one\n"]
