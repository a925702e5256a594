"""How long from a vendor's event to where a search finds it, with the time of each stage."""

import os
import random
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

from benchmarks.claims import Claim, Table
from benchmarks.measure import BenchmarkFailed
from sync_assets import sources
from sync_assets.cli.services import running_services
from sync_assets.control.inbox import ENDED, Delivery
from sync_assets.pipeline.instance import open_instance
from sync_assets.sandbox.demo import DEMO_REPOSITORY, build_demo_repository
from sync_assets.sandbox.github.demo import build_demo_tracker
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.search import search
from sync_assets.settings import load_settings
from sync_assets.stores import Stores, open_stores
from sync_assets.webhooks.setup import set_up

if TYPE_CHECKING:
    import dagster as dg

SUMMARY = """\
The demo's repository behind the sandbox's GitHub; our receiver, Dagster's daemon, webserver and \
code server as `up` runs them, on their defaults: SQLite, the local model. One event after the \
other, each at a random moment of the sensor's pace: a push, a comment, a merged pull request, in \
turns, each with words that nothing said before. Delivered: stored durably, and GitHub answered. \
Asked for: the sensor saw it and asked for a run. Started: the run's process works on its first \
step. Fetched: the last stage before the index. Searchable: written into the index, the \
delivery's end. Then a search finds it, or it is not counted. All shares the machine's cores."""

EVENTS, QUICK_EVENTS = 50, 6
WAIT_SECONDS = 120.0
PACE_SECONDS = 5.0
"""The daemon looks at its sensors so often."""
TOKEN, SECRET = "benchmark-token", "benchmark-secret"
STAGES = ("delivered", "asked for", "started", "fetched", "searchable")


@dataclass(frozen=True, slots=True)
class Timing:
    """One event: seconds after it, at which each stage was reached."""

    kind: str
    reached: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class WebhookResult:
    """All events; `found` of them a search found."""

    timings: Sequence[Timing]
    found: int

    def claims(self) -> list[Claim]:
        p50, p95 = _percentiles([each.reached["searchable"] for each in self.timings])
        return [
            Claim("events that no search found", "==", 0, len(self.timings) - self.found),
            Claim("from the event to searchable, p50", "<=", 9, p50, " s"),
            Claim("from the event to searchable, p95", "<=", 13, p95, " s"),
        ]

    def tables(self) -> list[Table]:
        return [self._stages(), self._kinds()]

    def _stages(self) -> Table:
        rows: list[Sequence[str]] = []
        before = "event"
        for stage in STAGES:
            took = [each.reached[stage] - each.reached.get(before, 0.0) for each in self.timings]
            since = [each.reached[stage] for each in self.timings]
            rows.append((f"{before} to {stage}", *_shown(took), *_shown(since)))
            before = stage
        header = ("stage", "p50 s", "p95 s", "since the event, p50 s", "p95 s")
        return Table(header, rows)

    def _kinds(self) -> Table:
        rows: list[Sequence[str]] = []
        for kind in dict.fromkeys(each.kind for each in self.timings):
            took = [each.reached["searchable"] for each in self.timings if each.kind == kind]
            rows.append((kind, str(len(took)), *_shown(took)))
        return Table(("event", "count", "searchable, p50 s", "p95 s"), rows)


@dataclass(frozen=True, slots=True)
class Bench:
    """All that runs."""

    sandbox: Sandbox
    repository: Repository
    stores: Stores
    instance: "dg.DagsterInstance"


def run(*, quick: bool = False) -> WebhookResult:
    """About ten minutes; `quick`, with six events, about two."""
    chance = random.Random(7)  # noqa: S311 - moments, not secrets
    timings: list[Timing] = []
    found = 0
    with tempfile.TemporaryDirectory() as folder, _running(Path(folder)) as bench:
        for number in range(QUICK_EVENTS if quick else EVENTS):
            time.sleep(chance.uniform(0, PACE_SECONDS))
            timing, is_found = _measured(bench, number)
            timings.append(timing)
            found += is_found
    return WebhookResult(timings, found)


@contextmanager
def _running(folder: Path) -> Generator[Bench]:
    """With the first sync done, and the hook made."""
    with running_sandbox(folder / "sandbox", tokens={TOKEN: ("*",)}) as sandbox:
        repository = build_demo_repository(sandbox.repositories)
        build_demo_tracker(sandbox.trackers)
        with _environment(folder, sandbox.url):
            settings = load_settings(env_file=None)
            with closing(open_stores(settings)) as stores, open_instance(settings) as instance:
                sources.register(stores.registry, "github", DEMO_REPOSITORY, settings=settings)
                with running_services(
                    settings, port=0, folder=folder, say=lambda _: None, stop_seconds=5
                ) as services:
                    stores.settings = settings.model_copy(update={"public_url": services.receiver})
                    set_up(stores, "github")
                    _wait(lambda: _is_synced(stores), "the first sync")
                    sandbox.post.drain()
                    yield Bench(sandbox, repository, stores, instance)


@contextmanager
def _environment(folder: Path, url: str) -> Generator[None]:
    """That of our processes: nothing is inherited, and nothing stays."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("SYNC_ASSETS_", "DAGSTER_"))]:
        del os.environ[name]
    given = {
        "HOME": str(folder / "home"),
        "SERVER_PORT": "0",
        "GITHUB_WEB_URL": url,
        "GITHUB_API_URL": f"{url}/api/v3",
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_WEBHOOK_SECRET": SECRET,
    }
    os.environ.update({f"SYNC_ASSETS_{name}": value for name, value in given.items()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _is_synced(stores: Stores) -> bool:
    return sum(each.verified_at is not None for each in stores.cursors.all()) == len(_KINDS)


def _push(bench: Bench, word: str) -> str:
    text = f"# Notes on {word}\n\nThe {word} is looked after on Mondays.\n"
    return bench.repository.commit({f"docs/{word}.md": text})


def _comment(bench: Bench, word: str) -> str:
    tracker = bench.sandbox.trackers.of(bench.repository)
    issue = next(item for item in tracker.items.values() if item.pull is None)
    tracker.comment(issue.number, f"Somebody should look at the {word} first.")
    return f"/issues/{issue.number}"


def _merge(bench: Bench, word: str) -> str:
    """The pull request is opened just before: what is waited for is its merge."""
    tracker = bench.sandbox.trackers.of(bench.repository)
    pull = tracker.open_pull(f"Replace the {word}", f"The {word} was worn out.").number
    tracker.merge(pull)
    return f"/pull/{pull}"


_KINDS: Mapping[str, Callable[[Bench, str], str]] = {
    "push": _push,
    "comment": _comment,
    "merge": _merge,
}


def _measured(bench: Bench, number: int) -> tuple[Timing, bool]:
    kind = list(_KINDS)[number % len(_KINDS)]
    seen = {each.number for each in bench.stores.inbox.newest(limit=1)}
    word = f"{_SYLLABLES[number % 10]}{_SYLLABLES[number // 10]}vane"
    began = time.time()
    place = _KINDS[kind](bench, word)
    bench.sandbox.post.drain()

    def ended() -> Sequence[Delivery]:
        new = [each for each in bench.stores.inbox.newest(limit=5) if each.number not in seen]
        new = [each for each in new if each.number > max(seen, default=0)]
        return new if new and all(each.state in ENDED for each in new) else []

    _wait(ended, f"the {kind} {word}")
    delivery = next(each for each in ended() if each.state == "done")
    hits = search(bench.stores, f"the {word}", limit=3).hits
    is_found = any(place in hit.url and word in hit.text for hit in hits)
    return Timing(kind, _stages(bench, delivery, began)), is_found


_SYLLABLES = ("ka", "lo", "mi", "nu", "pe", "ro", "sa", "ti", "vu", "zo")


def _stages(bench: Bench, delivery: Delivery, began: float) -> dict[str, float]:
    """By Dagster's own records of the run that brought it in."""
    if delivery.run_id is None or delivery.done_at is None:
        raise BenchmarkFailed(f"delivery {delivery.number} has no run: {delivery.reason}")
    record = bench.instance.get_run_record_by_id(delivery.run_id)
    steps = bench.instance.get_run_step_stats(delivery.run_id)
    if record is None or not steps:
        raise BenchmarkFailed(f"Dagster knows nothing of run {delivery.run_id}")
    searchable = delivery.done_at.timestamp()
    stages = [each for each in steps if each.start_time is not None]
    ends = [each.end_time for each in stages if each.end_time and each.end_time <= searchable]
    times = (
        delivery.received_at.timestamp(),
        record.create_timestamp.timestamp(),
        min(each.start_time for each in stages if each.start_time is not None),
        max(ends, default=searchable),
        searchable,
    )
    return {stage: at - began for stage, at in zip(STAGES, times, strict=True)}


def _wait(until: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not until():
        if time.monotonic() > deadline:
            raise BenchmarkFailed(f"{what} did not come to pass in {WAIT_SECONDS:.0f} s")
        time.sleep(0.1)


def _percentiles(values: Sequence[float]) -> tuple[float, float]:
    """The median, and what 95 of 100 keep to."""
    cut = quantiles(values, n=100, method="inclusive")
    return cut[49], cut[94]


def _shown(values: Sequence[float]) -> tuple[str, str]:
    p50, p95 = _percentiles(values)
    return f"{p50:.2f}", f"{p95:.2f}"
