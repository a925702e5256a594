"""The demo: a git host, Dagster, a push, searches. All of it on loopback, in HOME/demo."""

import os
import shutil
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sync_assets import sources
from sync_assets.cli.answers import DemoReport, Endpoint
from sync_assets.cli.output import print_line
from sync_assets.cli.search import print_answer
from sync_assets.cli.services import LOOPBACK, Services, is_running, running_services
from sync_assets.cli.steps import Steps
from sync_assets.errors import SyncAssetsError
from sync_assets.models import Source
from sync_assets.pipeline.tags import SOURCE
from sync_assets.sandbox.demo import (
    DEMO_REPOSITORY,
    DEMO_SEARCHES,
    build_demo_repository,
    push_demo_change,
)
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.search import search
from sync_assets.settings import PREFIX, Settings, load_settings
from sync_assets.stores import Stores, open_stores

SYNC_SECONDS = 120.0
STOP_SECONDS = 5.0  # nothing of the demo is kept
STREAM = "files"


@dataclass(frozen=True, slots=True)
class Demo:
    """All that runs: the git host, our stores, Dagster, and the source that it syncs; `seen`
    has the last status shown of each run.
    """

    steps: Steps
    sandbox: Sandbox
    stores: Stores
    source: Source
    services: Services
    seen: dict[str, str] = field(default_factory=dict[str, str])


@contextmanager
def running_demo(port: int) -> Generator[Demo]:
    """Everything up, the source registered, nothing synced yet. Wipes HOME/demo first."""
    chosen = load_settings()
    home = chosen.home / "demo"
    if is_running(home):
        raise SyncAssetsError(f"A demo runs at {home} already: stop that one first")
    if home.exists():
        shutil.rmtree(home)
    steps = Steps(home / "logs")
    with ExitStack() as stack:
        with steps.step("starting a git host on loopback, with a repository of our own"):
            sandbox = stack.enter_context(running_sandbox(home / "sandbox"))
            build_demo_repository(sandbox.repositories)
        settings = _isolated(chosen, home, sandbox.url)
        with steps.step(f"registering the source github:{DEMO_REPOSITORY}"):
            stores = stack.enter_context(closing(open_stores(settings)))
            source = sources.register(stores.registry, "github", DEMO_REPOSITORY, by="demo")
        with steps.step("starting Dagster"):
            services = stack.enter_context(
                running_services(
                    settings, port=port, folder=home, say=steps.say, stop_seconds=STOP_SECONDS
                )
            )
        yield Demo(steps, sandbox, stores, source, services)


def show(demo: Demo, *, print_answers: bool) -> DemoReport:
    """First sync, a search, a push, its sync, three searches."""
    steps, stores, last = demo.steps, demo.stores, DEMO_SEARCHES[-1]
    head = demo.sandbox.repositories.get(DEMO_REPOSITORY).head()
    with steps.step("syncing it for the first time, as a Dagster run"):
        _wait_for_sync(demo, str(head))
    with steps.step(f'searching "{last}", which nothing answers yet'):
        before = search(stores, last, limit=1)
        steps.say(f"  the best it finds: {before.hits[0].title if before.hits else 'nothing'}")
    with steps.step("pushing a commit that answers it, and syncing again"):
        commit = push_demo_change(demo.sandbox.repositories)
        sources.trigger(stores.registry, demo.source.source_id, "incremental", by="demo")
        _wait_for_sync(demo, commit)
    with steps.step("searching"):
        answers = [search(stores, query, limit=1) for query in DEMO_SEARCHES]
        known = {hit.chunk_id for hit in before.hits}
        if not answers[-1].hits or answers[-1].hits[0].chunk_id in known:
            raise SyncAssetsError("what was pushed is not found")
    for answer in answers if print_answers else ():
        print_line(f'\nsearch "{answer.query}"')
        print_answer(answer, stores.clock())
    steps.say("done")
    repository = f"{demo.sandbox.url}/{DEMO_REPOSITORY}.git"
    return DemoReport(
        steps=steps.done,
        commit=commit,
        before=before,
        searches=answers,
        endpoints=[
            Endpoint(name="Dagster UI", url=demo.services.webserver.url),
            Endpoint(name="repository", url=repository),
        ],
    )


def _isolated(chosen: Settings, home: Path, web_url: str) -> Settings:
    """Settings of the demo alone, for us and our children: whatever the environment or `.env`
    says, no token is sent, and no index or database but the demo's is written.
    """
    for name in [name for name in os.environ if name.startswith((PREFIX, "DAGSTER_"))]:
        del os.environ[name]
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = LOOPBACK  # git and its libraries ask a proxy for anything else
    os.environ[f"{PREFIX}HOME"] = str(home)
    os.environ[f"{PREFIX}GITHUB_WEB_URL"] = web_url
    os.environ[f"{PREFIX}EMBEDDER"] = chosen.embedder
    os.environ[f"{PREFIX}MODEL_PATH"] = str(chosen.model_path or "")
    return load_settings(env_file=None)


def _wait_for_sync(demo: Demo, commit: str) -> None:
    """Until a Dagster run has brought the index to `commit`; SyncAssetsError where one fails."""
    source_id, webserver = demo.source.source_id, demo.services.webserver

    def arrived() -> bool:
        runs = webserver.runs({SOURCE: source_id})
        for run in reversed(runs):
            if run.run_id not in demo.seen:
                demo.steps.say(f"  {webserver.run_url(run)}")
            elif demo.seen[run.run_id] != run.status:
                demo.steps.say(f"  {run.status.lower()}")
            demo.seen[run.run_id] = run.status
            if run.status in {"FAILURE", "CANCELED"}:
                raise SyncAssetsError(f"run {run.run_id} ended as {run.status}")
        watermark = demo.stores.cursors.get(source_id, STREAM).watermark or ""
        return commit in watermark and all(run.status == "SUCCESS" for run in runs)

    demo.services.children.wait_until(
        arrived, what="The sync", log=demo.services.logs, seconds=SYNC_SECONDS, every=0.5
    )
