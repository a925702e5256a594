"""The receiver as its own process: how it starts, refuses to start, and ends."""

import signal
import socket
from pathlib import Path

import httpx

from sync_assets.server.binding import listener
from sync_assets.settings import Settings
from sync_assets_tests.connectors.webhooks.signing import SAMPLES, SECRET, signed
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.server.serving import started


def test_it_says_where_it_listens_and_whom_it_refuses_and_ends_on_sigterm(
    tmp_path: Path, clock: FakeClock
):
    with started(tmp_path, GITHUB_WEBHOOK_SECRET=SECRET) as (process, lines):
        url = lines[-1].rpartition(" ")[2]
        headers, body = signed("github", SAMPLES["github"], clock())
        answer = httpx.post(f"{url}/webhooks/github", headers=headers, content=body)
        process.send_signal(signal.SIGTERM)
        process.wait(30)

    assert answer.json() == {"outcome": "unregistered"}
    assert "Webhooks of vercel, linear, notion, slack are refused" in lines[0]
    assert process.returncode in {0, -signal.SIGTERM}


def test_a_wrong_setting_is_one_line_and_exit_code_2(tmp_path: Path):
    with started(tmp_path, SERVER_HOST="0.0.0.0") as (process, lines):  # noqa: S104
        code = process.wait(30)

    assert (code, len(lines)) == (2, 1)
    assert "SYNC_ASSETS_SERVER_TOKEN" in lines[0]


def test_a_database_that_cannot_be_opened_is_one_line_and_exit_code_1(tmp_path: Path):
    (tmp_path / "control.db").write_bytes(b"no database at all" * 100)
    with started(tmp_path) as (process, lines):
        code = process.wait(30)

    assert (code, len(lines)) == (1, 1)
    assert "is not a SQLite file" in lines[0]


def test_a_small_answer_does_not_wait_for_an_acknowledgement(tmp_path: Path):
    with listener(Settings(home=tmp_path, server_port=0)) as listening:
        client = socket.create_connection(listening.getsockname())
        accepted, _ = listening.accept()
        with client, accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
