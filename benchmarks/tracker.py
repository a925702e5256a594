"""Pull requests and issues of a tracker: what a sync of both costs, and how that grows."""

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.claims import Claim, Table
from benchmarks.corpus import fresh
from benchmarks.fetch import MEGABITS_PER_SECOND, ROUND_TRIP_SECONDS
from benchmarks.measure import BenchmarkFailed, our_environment, python, run_process
from benchmarks.outcomes import Discussed
from benchmarks.talk import talk
from sync_assets.sandbox.link import Link
from sync_assets.sandbox.server import Sandbox, running_sandbox

PAGE, PULLS_PAGE = 100, 50
"""What a page of a listing holds: of issues, and of pull requests, which are heavier."""
ISSUES_BATCH, PULLS_BATCH = 50, 25
"""Items that are read by one query."""
_REPOSITORY = "acme/storefront"
_TOKEN = "ghs_benchmark"  # noqa: S105 - the sandbox's
_FULL, _NOTHING, _ONE = "first sync", "nothing changed", "one new comment"
SUMMARY = f"""\
Both streams together, `pull_requests` and `issues`, by GraphQL, over a tracker of the sandbox's \
at {ROUND_TRIP_SECONDS * 1000:.0f} ms and {MEGABITS_PER_SECOND} Mbit/s; half of the items are \
pull requests. GitHub's limits are on. Each sync is a process of its own with the `hash` embedder, \
timed without its imports, from the first call to the index committed. The bound of a first sync \
is page arithmetic, and two calls: {PAGE} issues or {PULLS_PAGE} pull requests are listed by a \
call, {ISSUES_BATCH} or {PULLS_BATCH} are read by one. Points are those of GraphQL, of 5,000 an \
hour."""


@dataclass(frozen=True, slots=True)
class Step:
    """One sync of a tracker of so many items; calls and points are the vendor's count."""

    items: int
    name: str
    outcome: Discussed
    calls: int
    points: int
    bytes_down: int


@dataclass(frozen=True, slots=True)
class TrackerResult:
    """All steps, the smaller tracker first."""

    steps: Sequence[Step]

    def claims(self) -> list[Claim]:
        claims: list[Claim] = []
        for step in self.steps:
            name = f"{step.name}, {step.items:,} items"
            claims.append(Claim(f"calls: {name}", "<=", _most_calls(step), step.calls))
            read = {_FULL: step.items, _NOTHING: 0, _ONE: 1}[step.name]
            claims.append(Claim(f"items read: {name}", "==", read, step.outcome.documents))
        for name in (_NOTHING, _ONE):
            small, *_, large = [step for step in self.steps if step.name == name]
            ratio = large.outcome.seconds / small.outcome.seconds
            grown = f"seconds, {name}: {large.items:,} / {small.items:,} items"
            claims.append(Claim(grown, "<=", 1.5, ratio, "x"))
        return claims

    def tables(self) -> list[Table]:
        header = ("items", "sync", "calls", "points", "MB down", "seconds", "items read", "peak MB")
        return [Table(header, [_row(step) for step in self.steps])]


def full_sync_calls(issues: int, pulls: int) -> int:
    """Calls of a first sync, where no item has more than a page of anything: each item is listed
    once and read once.
    """
    listed = math.ceil(issues / PAGE) + math.ceil(pulls / PULLS_PAGE)
    return max(1, listed) + math.ceil(issues / ISSUES_BATCH) + math.ceil(pulls / PULLS_BATCH)


def run(*, quick: bool = False) -> TrackerResult:
    """About two minutes; `quick`, on few items, under one."""
    steps: list[Step] = []
    for items in (20, 60) if quick else (240, 2_400):
        with (
            tempfile.TemporaryDirectory() as folder,
            running_sandbox(
                Path(folder) / "served",
                link=Link(ROUND_TRIP_SECONDS, MEGABITS_PER_SECOND),
                tokens={_TOKEN: ("*",)},
            ) as sandbox,
        ):
            tracker = sandbox.trackers.of(sandbox.repositories.create(_REPOSITORY))
            talk(tracker, items)
            home = fresh(Path(folder) / "home")
            steps.append(_measured(sandbox, home, _FULL, items))
            steps.append(_measured(sandbox, home, _NOTHING, items))
            tracker.comment(items // 2, "It works again after the release.")
            steps.append(_measured(sandbox, home, _ONE, items))
    return TrackerResult(steps)


def _measured(sandbox: Sandbox, home: Path, name: str, items: int) -> Step:
    sandbox.requests.clear()
    environment = our_environment(
        home,
        GITHUB_TOKEN=_TOKEN,
        GITHUB_WEB_URL=sandbox.url,
        GITHUB_API_URL=f"{sandbox.url}/api/v3",
    )
    command = python("benchmarks.child", "discuss", _REPOSITORY)
    outcome = Discussed.model_validate_json(run_process(command, environment).output)
    if outcome.stored != items:
        raise BenchmarkFailed(f"{name}: {items:,} items expected, not {outcome.stored:,}")
    graphql = [each for each in sandbox.requests if each.path == "/api/graphql"]
    return Step(
        items=items,
        name=name,
        outcome=outcome,
        calls=len(sandbox.requests),
        points=sum(each.cost for each in graphql),
        bytes_down=sum(each.bytes_out for each in sandbox.requests),
    )


def _most_calls(step: Step) -> int:
    if step.name == _FULL:
        return full_sync_calls(math.ceil(step.items / 2), step.items // 2) + 2
    return 3 if step.name == _NOTHING else 3 + 5


def _row(step: Step) -> tuple[str, ...]:
    return (
        f"{step.items:,}",
        step.name,
        f"{step.calls:,}",
        f"{step.points:,}",
        f"{step.bytes_down / 1e6:.2f}",
        f"{step.outcome.seconds:.2f}",
        f"{step.outcome.documents:,}",
        f"{step.outcome.peak_bytes / 1e6:.0f}",
    )
