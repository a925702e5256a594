"""Every way to a repository's files, on the same link, with GitHub's limits on."""

import math
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.claims import Claim, Table
from benchmarks.corpus import fresh, real_files, repository_of
from benchmarks.fetch import MEGABITS_PER_SECOND, ROUND_TRIP_SECONDS
from benchmarks.measure import BenchmarkFailed, our_environment, python, run_process
from benchmarks.outcomes import Fetched
from sync_assets.sandbox.github.limits import Limits
from sync_assets.sandbox.link import Link
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.sandbox.traffic import Request

TRANSPORTS = ("git", "graphql", "tarball", "raw", "blobs", "contents")
BATCH = 50
"""Documents of one batch, by default: what one GraphQL query carries."""
_TOKEN = "ghs_benchmark"  # noqa: S105 - the sandbox's
_LIMITS = Limits()
_OURS = "rate budget"
"""Stands in what our governor says of a call that it does not let through."""
SUMMARY = f"""\
A first listing with every file read and checked by its hash, by each `transport` of the connector \
`github`, at {ROUND_TRIP_SECONDS * 1000:.0f} ms and {MEGABITS_PER_SECOND} Mbit/s; a new connection \
costs two round trips more. GitHub's limits are on, whole at each start: \
{_LIMITS.core:,} calls or points an hour, {_LIMITS.rest_points_a_minute} REST points a minute, \
{_LIMITS.at_once} at once, and {_LIMITS.raw:,} an hour from the raw host. A strategy that is told \
to wait longer than 30 seconds stops there; its row says after how many files and who stopped it, \
the server or our own budget, which keeps calls back that would be refused; its other figures are \
of that part. One run each, in a process of its own, timed without its imports. The \
sandbox compresses answers as GitHub does. Memory is the process's peak with all texts \
held; git's own processes are apart."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """One transport on one size. `calls` counts requests by what they draw on."""

    transport: str
    files: int
    outcome: Fetched
    calls: Mapping[str, int]
    bytes_down: int
    highest_at_once: int

    @property
    def whole(self) -> bool:
        return self.outcome.documents == self.files


@dataclass(frozen=True, slots=True)
class StrategiesResult:
    """All of them, size by size."""

    strategies: Sequence[Strategy]

    def claims(self) -> list[Claim]:
        claims: list[Claim] = []
        for each in self.strategies:
            name = f"{each.files:,} files by {each.transport}"
            if each.transport in ("git", "graphql", "tarball"):
                lost = each.files - each.outcome.documents
                claims.append(Claim(f"files not read of {name}", "==", 0, lost))
                calls = each.calls["core"] + each.calls["graphql"]
                claims.append(Claim(f"API calls, {name}", "<=", _most_calls(each), calls))
        most = max(each.highest_at_once for each in self.strategies)
        return [*claims, Claim("requests at once, by any", "<=", _LIMITS.at_once, most)]

    def tables(self) -> list[Table]:
        header = (
            *("files", "transport", "seconds", "/ git", "REST calls", "GraphQL calls"),
            *("other requests", "MB down", "peak MB", "outcome"),
        )
        by_git = {
            each.files: each.outcome.seconds for each in self.strategies if each.transport == "git"
        }
        return [Table(header, [_row(each, by_git[each.files]) for each in self.strategies])]


def run(*, quick: bool = False) -> StrategiesResult:
    """Under three minutes; `quick`, on few files, under one."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_sandbox(
            Path(folder) / "served",
            link=Link(ROUND_TRIP_SECONDS, MEGABITS_PER_SECOND),
            tokens={_TOKEN: ("*",)},
        ) as sandbox,
    ):
        measured: list[Strategy] = []
        for count in (100, 300) if quick else (1_000, 7_000):
            files = real_files(count)
            repository = repository_of(sandbox.repositories, f"installed/first-{count}", files)
            measured += [
                _measured(sandbox, repository, Path(folder) / "home", transport, count)
                for transport in TRANSPORTS
            ]
    return StrategiesResult(measured)


def _measured(
    sandbox: Sandbox, repository: Repository, home: Path, transport: str, count: int
) -> Strategy:
    sandbox.requests.clear()
    sandbox.limits.reset()
    state = str(fresh(home) / "known.json")
    environment = our_environment(
        home,
        GITHUB_TOKEN=_TOKEN,
        GITHUB_WEB_URL=sandbox.url,
        GITHUB_API_URL=f"{sandbox.url}/api/v3",
        GITHUB_RAW_URL=f"{sandbox.url}/raw",
    )
    command = python("benchmarks.child", "fetch", "github", repository.name, state, transport)
    outcome = Fetched.model_validate_json(run_process(command, environment).output)
    if outcome.documents != count and not outcome.limited:
        raise BenchmarkFailed(f"{transport}: {count:,} documents expected, not {outcome.documents}")
    return Strategy(
        transport=transport,
        files=count,
        outcome=outcome,
        calls=Counter(_kind(request) for request in sandbox.requests),
        bytes_down=sum(request.bytes_out for request in sandbox.requests),
        highest_at_once=sandbox.limits.highest_at_once,
    )


def _kind(request: Request) -> str:
    if request.path == "/api/graphql":
        return "graphql"
    return "core" if request.path.startswith("/api/v3/") else "other"


def _most_calls(each: Strategy) -> int:
    """The branch and its tree, and then: a query a batch, or the way to the archive."""
    if each.transport == "git":
        return 0
    return 2 + (1 if each.transport == "tarball" else math.ceil(each.files / BATCH))


def _stopped_by(limited: str) -> str:
    """Who, of what a rate limit said: `GET https://host/path: why, until when`."""
    why = limited.partition(": ")[2].partition(", until ")[0]
    return f"our own: {why}" if _OURS in why else f"the server: {why}"


def _row(each: Strategy, git_seconds: float) -> tuple[str, ...]:
    stops = f"**stops at {each.outcome.documents:,} files**"
    whole = "whole" if each.whole else f"{stops} ({_stopped_by(each.outcome.limited)})"
    ratio = f"{each.outcome.seconds / git_seconds:.1f}" if each.whole else ""
    return (
        f"{each.files:,}",
        each.transport,
        f"{each.outcome.seconds:.2f}",
        ratio,
        f"{each.calls['core']:,}",
        f"{each.calls['graphql']:,}",
        f"{each.calls['other']:,}",
        f"{each.bytes_down / 1e6:.1f}",
        f"{each.outcome.peak_bytes / 1e6:.0f}",
        whole,
    )
