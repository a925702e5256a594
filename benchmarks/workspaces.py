"""Notion, Slack, Linear and Vercel at the size of a company: what a sync of each costs."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import worlds
from benchmarks.claims import Claim, Table
from benchmarks.corpus import fresh
from benchmarks.fetch import MEGABITS_PER_SECOND, ROUND_TRIP_SECONDS
from benchmarks.measure import BenchmarkFailed, our_environment, python, run_process
from benchmarks.outcomes import Synced
from benchmarks.worlds import World
from sync_assets.sandbox.linear.world import SANDBOX_TOKEN as LINEAR_TOKEN
from sync_assets.sandbox.link import Link
from sync_assets.sandbox.notion.world import SANDBOX_TOKEN as NOTION_TOKEN
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.sandbox.slack.world import SANDBOX_TOKEN as SLACK_TOKEN
from sync_assets.sandbox.vercel.world import SANDBOX_TOKEN as VERCEL_TOKEN

_FIRST, _NOTHING = "first sync", "nothing changed"
SUMMARY = f"""\
Four workspaces of the sandbox's at {ROUND_TRIP_SECONDS * 1000:.0f} ms and {MEGABITS_PER_SECOND} \
Mbit/s. Each sync is a process of its own with the `hash` embedder, timed without its imports, \
from the first call to the index committed. Calls are counted by the sandbox. The bound of a first \
sync is page arithmetic: what is listed by pages, and what is read one by one (two calls a page of \
Notion and a deployment, one a thread of Slack; issues by 50). Slack lists no changes, so that its \
whole channel without replies is listed by each sync, 200 messages a call. Limits of calls are \
off, but for Linear's: the last column has the least minutes that the vendor's limit alone would \
make of these calls (Notion 3 a second, Slack 50 a minute of each method, Vercel 500 a minute)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One sync; calls are the vendor's count, `limit_minutes` what its limit would make of them."""

    world: World
    name: str
    outcome: Synced
    calls: int
    most_calls: int
    bytes_down: int
    limit_minutes: float

    @property
    def read(self) -> int:
        """Documents that were read."""
        documents = self.outcome.report.documents
        return 0 if documents is None else documents.fetched


@dataclass(frozen=True, slots=True)
class WorkspacesResult:
    """Of each workspace a first sync, one of nothing, one of one change."""

    steps: Sequence[Step]

    def claims(self) -> list[Claim]:
        claims: list[Claim] = []
        for step in self.steps:
            name = f"{step.world.connector}, {step.name}"
            expected = {_FIRST: step.world.documents, _NOTHING: 0}.get(step.name, 1)
            claims.append(Claim(f"calls: {name}", "<=", step.most_calls, step.calls))
            claims.append(Claim(f"items read: {name}", "==", expected, step.read))
        return claims

    def tables(self) -> list[Table]:
        header = (
            *("workspace", "sync", "calls", "MB down", "seconds", "items read", "peak MB"),
            "at the vendor's limit, minutes",
        )
        return [Table(header, [_row(step) for step in self.steps])]


def run(*, quick: bool = False) -> WorkspacesResult:
    """About five minutes; `quick`, on a fiftieth of the items, under one."""
    steps: list[Step] = []
    link, part = Link(ROUND_TRIP_SECONDS, MEGABITS_PER_SECOND), 50 if quick else 1
    with (
        tempfile.TemporaryDirectory() as folder,
        running_sandbox(Path(folder) / "served", link=link) as sandbox,
    ):
        for world in (
            worlds.notion(sandbox.notion, 3_000 // part),
            worlds.slack(sandbox.slack, 20_000 // part, 3_000 // part),
            worlds.linear(sandbox.linear, 2_000 // part),
            worlds.vercel(sandbox.vercel, 2_000 // part),
        ):
            home = fresh(Path(folder) / world.connector)
            steps.append(_measured(sandbox, home, world, _FIRST, world.first_calls))
            steps.append(_measured(sandbox, home, world, _NOTHING, world.poll_calls))
            world.change()
            steps.append(_measured(sandbox, home, world, world.change_name, world.change_calls))
    return WorkspacesResult(steps)


def _measured(sandbox: Sandbox, home: Path, world: World, name: str, most_calls: int) -> Step:
    sandbox.requests.clear()
    command = python("benchmarks.child", "sync", world.connector, world.scope, "incremental")
    environment = our_environment(home, **_settings(sandbox.url))
    outcome = Synced.model_validate_json(run_process(command, environment).output)
    if outcome.report.documents is not None and outcome.report.documents.deferred_until:
        raise BenchmarkFailed(f"{world.connector}, {name}: {outcome.report}")
    paths = [each.path for each in sandbox.requests]
    return Step(
        world=world,
        name=name,
        outcome=outcome,
        calls=len(paths),
        most_calls=most_calls,
        bytes_down=sum(each.bytes_out for each in sandbox.requests),
        limit_minutes=_limit_minutes(paths, world.a_minute),
    )


def _settings(url: str) -> Mapping[str, str]:
    return {
        "NOTION_API_URL": f"{url}/notion/v1",
        "NOTION_TOKEN": NOTION_TOKEN,
        "SLACK_API_URL": f"{url}/slack/api/",
        "SLACK_TOKEN": SLACK_TOKEN,
        "LINEAR_API_URL": f"{url}/linear/graphql",
        "LINEAR_API_KEY": LINEAR_TOKEN,
        "VERCEL_API_URL": f"{url}/vercel",
        "VERCEL_TOKEN": VERCEL_TOKEN,
    }


def _limit_minutes(paths: Sequence[str], a_minute: Mapping[str, int]) -> float:
    """Each kind of call has a limit of its own, so the slowest counts."""
    return max(
        (sum(path.endswith(end) for path in paths) / most for end, most in a_minute.items()),
        default=0.0,
    )


def _row(step: Step) -> tuple[str, ...]:
    return (
        f"{step.world.connector}: {step.world.size}",
        step.name,
        f"{step.calls:,}",
        f"{step.bytes_down / 1e6:.2f}",
        f"{step.outcome.seconds:.2f}",
        f"{step.read:,}",
        f"{step.outcome.peak_bytes / 1e6:.0f}",
        f"{step.limit_minutes:.1f}",
    )
