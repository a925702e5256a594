"""How many webhook deliveries a second are stored durably, and how long a caller waits."""

import hashlib
import hmac
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.measure import ROOT, BenchmarkFailed, our_environment, python
from sync_assets.control.database import open_database
from sync_assets.control.inbox import Inbox
from sync_assets.control.registry import Registry
from sync_assets.settings import Settings

SUMMARY = """\
The receiver as `up` starts it, on SQLite with `synchronous=FULL`; callers in another process of \
the same machine, each on one connection that it keeps, each waiting for its answer. Every \
delivery is a signed push of 8 kB about one of ten registered repositories; all are in the inbox \
afterwards."""

CALLERS = 32
_SECRET = "a secret of this benchmark"  # noqa: S105 - it protects nothing
_SOURCES = 10
_PADDING = "x" * 8_000


def run(*, quick: bool = False) -> dict[str, float]:
    """Figures by name; about half a minute."""
    count = 640 if quick else 9_600
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with closing(open_database(Settings(home=home))) as database:
            registry = Registry(database)
            for number in range(_SOURCES):
                registry.add("github", f"owner/name{number}", {}, "0 * * * *")
            with _receiver(home) as port, ThreadPoolExecutor(CALLERS) as callers:
                list(callers.map(partial(_call, port, 2), range(-CALLERS, 0)))  # warm
                started = time.perf_counter()
                waits = list(callers.map(partial(_call, port, count // CALLERS), range(CALLERS)))
                seconds = time.perf_counter() - started
            stored = sum(depth.count for depth in Inbox(database).depths())
    if stored != count + 2 * CALLERS:
        raise BenchmarkFailed(f"{count:,} deliveries were answered 200, {stored:,} are stored")
    each = [wait * 1_000 for some in waits for wait in some]
    cuts = statistics.quantiles(each, n=100)
    return {
        "deliveries": count,
        "deliveries_per_second": count / seconds,
        "callers": CALLERS,
        "median_wait_ms": cuts[49],
        "p95_wait_ms": cuts[94],
        "p99_wait_ms": cuts[98],
    }


@contextmanager
def _receiver(home: Path) -> Generator[int]:
    """The port of a receiver that answers; it is ended with the block."""
    environment = our_environment(home, SERVER_PORT="0", GITHUB_WEBHOOK_SECRET=_SECRET)
    command = python("sync_assets.server")
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT
    ) as process:
        try:
            yield _port(process.stderr or iter(()))
        finally:
            process.terminate()


def _port(log: Iterator[str]) -> int:
    said = ""
    for line in log:
        said += line
        if "Listening at" in line:
            return int(line.strip().rpartition(":")[2])
    raise BenchmarkFailed(f"the receiver did not start:\n{said[-2_000:]}")


def _call(port: int, count: int, caller: int) -> list[float]:
    """Seconds that each of the caller's deliveries took."""
    waits: list[float] = []
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        for number in range(count):
            headers, body = _push(caller, number)
            started = time.perf_counter()
            connection.request("POST", "/webhooks/github", body, headers)
            answer = connection.getresponse()
            said = answer.read()
            waits.append(time.perf_counter() - started)
            if b"accepted" not in said:
                raise BenchmarkFailed(f"a delivery was answered {answer.status}: {said!r}")
    return waits


def _push(caller: int, number: int) -> tuple[dict[str, str], bytes]:
    repository = {"full_name": f"owner/name{number % _SOURCES}", "default_branch": "main"}
    payload = {"ref": "refs/heads/main", "repository": repository, "commits": _PADDING}
    body = json.dumps(payload).encode()
    signature = hmac.new(_SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-github-event": "push",
        "x-github-delivery": f"{caller}:{number}",
        "x-hub-signature-256": f"sha256={signature}",
    }
    return headers, body
