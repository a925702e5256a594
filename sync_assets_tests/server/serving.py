"""The receiver on a loopback port: in a thread of the test, or as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from starlette.applications import Starlette
from uvicorn import Config

from sync_assets.control.database import ControlDatabase, open_database
from sync_assets.control.handshakes import Handshakes
from sync_assets.control.inbox import Inbox
from sync_assets.control.registry import Registry
from sync_assets.sandbox.uvicorn_thread import serving
from sync_assets.server.app import create_app
from sync_assets.server.binding import listener, url_of
from sync_assets.server.bodies import Bodies
from sync_assets.settings import Settings
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.plain_http import NO_AUTHORITIES


@dataclass(frozen=True, slots=True)
class Running:
    """What a test has of it: where it is, a client, and what it works on."""

    url: str
    client: httpx.Client
    app: Starlette
    settings: Settings
    clock: FakeClock
    database: ControlDatabase
    inbox: Inbox
    registry: Registry
    handshakes: Handshakes

    def post(self, connector: str, headers: dict[str, str], body: bytes) -> httpx.Response:
        return self.client.post(f"/webhooks/{connector}", headers=headers, content=body)

    def outcome(self, connector: str, headers: dict[str, str], body: bytes) -> str:
        return self.post(connector, headers, body).json()["outcome"]


@contextmanager
def running_server(
    settings: Settings,
    clock: FakeClock,
    *,
    bodies: Bodies | None = None,
    busy_seconds: float = 0.05,
) -> Generator[Running]:
    """From its first answer to the thread's end."""
    database = open_database(settings, clock, busy_seconds=busy_seconds)
    app = create_app(settings, database, clock=clock, bodies=bodies)
    with listener(settings) as listening:
        url = url_of(settings.server_host, listening.getsockname()[1])
        config = Config(app, ws="none", lifespan="on", log_config=None, access_log=False)
        with (
            serving(config, listening, name="receiver"),
            httpx.Client(
                base_url=url, timeout=30, trust_env=False, verify=NO_AUTHORITIES
            ) as client,
        ):
            yield Running(
                url,
                client,
                app,
                settings,
                clock,
                database,
                Inbox(database, clock),
                Registry(database, clock),
                Handshakes(database, settings.home, clock),
            )


@contextmanager
def started(home: Path, **settings: str) -> Generator[tuple[subprocess.Popen[str], list[str]]]:
    """The process, and the lines of its log up to the one that says where it listens."""
    given = {"HOME": str(home), "SERVER_PORT": "0"} | settings
    environ = os.environ | {f"SYNC_ASSETS_{name}": value for name, value in given.items()}
    command = (sys.executable, "-m", "sync_assets.server")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stderr is not None
        lines: list[str] = []
        try:
            for line in process.stderr:
                lines.append(line.strip())
                if "Listening at" in line:
                    break
            yield process, lines
        finally:
            process.kill()
