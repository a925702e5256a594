"""Our child processes: Dagster's code server, the webserver and the daemon on it, and the receiver
of webhooks.

One code server serves both, so that our code is loaded once. It listens on a Unix socket in a
private folder, not on a port. `up` and `demo` run the same services.
"""

import contextlib
import fcntl
import json
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from sync_assets.cli.processes import STOP_SECONDS, Children, running_children
from sync_assets.cli.webserver import Webserver
from sync_assets.errors import InvalidSettings, SyncAssetsError
from sync_assets.settings import Settings

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 3000
READY_SECONDS = 90.0
LOCK = "up.lock"
_PROBE_SECONDS = 0.3  # each probe costs the starting servers some work


@dataclass(frozen=True, slots=True)
class Services:
    """All that runs: Dagster's webserver, the receiver's address, the processes and their logs."""

    webserver: Webserver
    receiver: str
    children: Children
    logs: Path


@contextmanager
def running_services(
    settings: Settings,
    *,
    port: int,
    folder: Path,
    say: Callable[[str], None],
    stop_seconds: float = STOP_SECONDS,
) -> Generator[Services]:
    """Dagster and the receiver at this HOME, from ready to stopped. `say` hears what is being
    waited for; `folder` is where the processes look for `.env`.

    SyncAssetsError where it does not start, or runs here already; InvalidSettings: port taken.
    """
    from sync_assets.pipeline.instance import prepare_dagster_home
    from sync_assets.server.binding import listener, url_of

    home = prepare_dagster_home(settings)
    logs = settings.home / "logs"
    with (
        _alone(settings.home / LOCK) as lock,
        tempfile.TemporaryDirectory(prefix="sync-assets-") as private,
        httpx.Client(timeout=30, trust_env=False) as client,
        running_children(stop_seconds) as children,
    ):
        webserver = Webserver(f"http://{LOOPBACK}:{_free(port)}", client)
        with listener(settings) as probe:  # told now that it cannot be, and not by a log
            receiver_port: int = probe.getsockname()[1]
        receiver = url_of(settings.server_host, receiver_port)
        environ = _environ(os.environ, settings, dagster_home=home, receiver_port=receiver_port)
        code = Path(private) / "code.sock"
        workspace = Path(private) / "workspace.yaml"
        server = {"socket": str(code), "location_name": "sync_assets"}
        workspace.write_text(json.dumps({"load_from": [{"grpc_server": server}]}))

        def start(name: str, *arguments: str) -> None:
            command = (sys.executable, "-m", *arguments)
            log = logs / f"{name}.log"
            children.start(name, command, log=log, environ=environ, folder=folder, keep=lock)

        def wait(probe: Callable[[], bool], what: str, name: str) -> None:
            log = logs / f"{name}.log"
            children.wait_until(
                probe, what=what, log=log, seconds=READY_SECONDS, every=_PROBE_SECONDS
            )

        start("receiver", "sync_assets.server")
        say("loading the code location")
        start(
            "code-server",
            "dagster",
            "api",
            "grpc",
            "-s",
            str(code),
            "-m",
            "sync_assets.definitions",
        )
        wait(lambda: _listens(code), "Loading the code location", "code-server")
        say("starting the webserver and the daemon")
        address = ("-h", LOOPBACK, "-p", webserver.url.rpartition(":")[2])
        start("webserver", "dagster_webserver", *address, "-w", str(workspace))
        start("daemon", "dagster._daemon", "run", "-w", str(workspace))
        wait(webserver.code_is_loaded, "Starting the webserver", "webserver")
        wait(webserver.daemons_are_healthy, "Starting the daemon", "daemon")
        wait(lambda: _is_ready(client, receiver), "Starting the receiver of webhooks", "receiver")
        yield Services(webserver, receiver, children, logs)


def is_running(home: Path) -> bool:
    """Whether `up` or `demo` runs Dagster at this HOME."""
    try:
        with (home / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _environ(
    environ: Mapping[str, str], settings: Settings, *, dagster_home: Path, receiver_port: int
) -> dict[str, str]:
    """Absolute places: a child, and a run in its own folder, must mean the same as we do."""
    return dict(environ) | {
        "DAGSTER_HOME": str(dagster_home),
        "SYNC_ASSETS_HOME": str(settings.home),
        "SYNC_ASSETS_SERVER_PORT": str(receiver_port),
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def _alone(path: Path) -> Generator[int]:
    """One Dagster a HOME. The children keep the lock's descriptor: as long as one of them lives,
    even after we were killed, nobody starts a second daemon beside it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip()
            raise SyncAssetsError(
                f"Dagster runs at {path.parent} already (started by process {holder}):"
                " stop that one first"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield lock.fileno()


def _free(port: int) -> int:
    """The port, or any free one for 0; InvalidSettings where another program has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise InvalidSettings(
                f"Port {port} cannot be used ({error.strerror}): choose another with --port"
            ) from None
        return probe.getsockname()[1]


def _is_ready(client: httpx.Client, receiver: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return client.get(f"{receiver}/readyz").is_success
    return False


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
        probe.connect(str(path))
        return True
    return False
