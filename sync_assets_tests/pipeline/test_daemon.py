"""Dagster's real daemon on our definitions: its queue, its retries, its sensors."""

import json
import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import httpx
import pytest

from sync_assets import sources
from sync_assets.cli.services import running_services
from sync_assets.models import Source
from sync_assets.pipeline import tags
from sync_assets.pipeline.instance import open_instance
from sync_assets.pipeline.resources import GivenStores
from sync_assets.sandbox.repositories import Repositories, Repository
from sync_assets.settings import Settings
from sync_assets.stores import Stores
from sync_assets_tests import oracle
from sync_assets_tests.waiting import wait

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]
RUNNING = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
FULL = {"ops": {"git__repo_tree": {"config": {"mode": "full"}}}}
BACKFILL = """mutation($parameters: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $parameters) { __typename } }"""


@dataclass
class World:
    settings: Settings
    folder: Path
    stores: Stores
    instance: dg.DagsterInstance
    repositories: list[Repository]
    sources: list[Source]

    @contextmanager
    def daemon(self) -> Generator[str]:
        """Dagster, running; its webserver's URL."""
        with running_services(
            self.settings, port=0, folder=self.folder, say=lambda _: None
        ) as services:
            yield services.webserver.url

    def is_synced(self, number: int) -> bool:
        head = self.repositories[number].head() or ""
        cursor = self.stores.cursors.get(self.sources[number].source_id, "files")
        return head in (cursor.watermark or "")

    def differences(self, number: int) -> list[str]:
        repository, source = self.repositories[number], self.sources[number]
        files = oracle.searchable_files(repository.path, repository.head() or "")
        return oracle.differences(self.settings.index_uri, source.source_id, files)

    def running(self) -> list[dg.DagsterRun]:
        return list(self.instance.get_runs(dg.RunsFilter(statuses=RUNNING)))

    def is_settled(self) -> bool:
        """Whether every source is synced and no run is left."""
        return all(self.is_synced(number) for number in range(3)) and not self.running()

    def fetching(self) -> dg.DagsterRun | None:
        """A run that is in the middle of its documents."""
        for run in self.running():
            begun = self.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_START)
            if any(entry.step_key == "git__file_contents" for entry in begun):
                return run
        return None


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[World]:
    monkeypatch.setenv("SYNC_ASSETS_EMBEDDER", "hash")
    monkeypatch.setenv("SYNC_ASSETS_LEASE_SECONDS", "5")
    settings = Settings(home=tmp_path / "home")
    repositories = Repositories(tmp_path / "repositories", lambda: datetime(2026, 3, 1, tzinfo=UTC))
    made = [repositories.create(f"team/{number}") for number in range(3)]
    for repository in made:
        repository.commit({"a.py": "def a():\n    return 1\n"})
    with GivenStores(settings).open() as stores, open_instance(settings) as instance:
        registered = [
            sources.register(stores.registry, "git", str(repository.path)) for repository in made
        ]
        yield World(settings, tmp_path, stores, instance, made, registered)


def many_files(repository: Repository) -> None:
    repository.commit({f"m{n}.py": f"def m{n}():\n    return {n}\n" * 20 for n in range(3000)})


def pid_of(run: dg.DagsterRun) -> int:
    return int(run.tags[tags.PROCESS].rpartition("/")[2].partition("#")[0])


def processes_of(home: Path) -> list[int]:
    """All that run with this HOME, but for this process."""
    found: list[int] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                environ = (folder / "environ").read_bytes()
            except OSError:
                continue
            if f"SYNC_ASSETS_HOME={home}".encode() in environ:
                found.append(int(folder.name))
    return found


def test_registered_sources_are_synced_and_runs_of_one_source_never_overlap(world: World):
    with world.daemon() as url:
        wait(world.is_settled)
        assets = [["git", "repo_tree"], ["git", "file_contents"], ["search_index", "git_files"]]
        wanted = {
            "assetSelection": [{"path": path} for path in assets],
            "partitionNames": [source.scope for source in world.sources],
            "runConfigData": json.dumps(FULL),
        }
        for _ in range(2):
            body = {"query": BACKFILL, "variables": {"parameters": wanted}}
            answer = httpx.post(f"{url}/graphql", json=body).json()
            assert answer["data"]["launchPartitionBackfill"] == {
                "__typename": "LaunchBackfillSuccess"
            }
        overlaps: list[list[str]] = []

        def all_done() -> bool:
            syncs = [run for run in world.running() if tags.PARTITION in run.tags]
            scopes = [run.tags[tags.PARTITION] for run in syncs]
            if len(scopes) != len(set(scopes)):
                overlaps.append(scopes)
            every = [run for run in world.instance.get_runs() if tags.BACKFILL in run.tags]
            return len(every) == 6 and all(run.is_finished for run in every)

        wait(all_done)

    runs = world.instance.get_runs()
    backfill = [run for run in runs if tags.BACKFILL in run.tags]
    assert [run.run_config for run in backfill] == [FULL] * 6
    assert {run.tags[tags.TRIGGER] for run in runs} == {"backfill"}  # the first syncs, too
    assert all(run.is_success for run in runs)
    assert overlaps == []
    assert [world.differences(number) for number in range(3)] == [[], [], []]


def test_a_killed_run_is_repeated_and_does_not_count_against_its_source(world: World):
    with world.daemon():
        wait(world.is_settled)
        many_files(world.repositories[0])
        sources.trigger(world.stores.registry, world.sources[0].source_id, "incremental")
        wait(world.fetching)
        run = world.fetching()
        assert run is not None
        os.kill(pid_of(run), signal.SIGKILL)
        wait(lambda: world.is_synced(0))

    assert world.differences(0) == []
    assert world.stores.registry.get(world.sources[0].source_id).failures_in_a_row == 0


def test_after_a_power_cut_the_next_start_takes_the_sync_up_again(world: World):
    with world.daemon():
        wait(world.is_settled)
        many_files(world.repositories[0])
        sources.trigger(world.stores.registry, world.sources[0].source_id, "incremental")
        wait(world.fetching)
        for pid in processes_of(world.settings.home):
            os.kill(pid, signal.SIGKILL)
    assert not world.is_synced(0)

    with world.daemon():
        wait(world.is_settled)

    assert world.differences(0) == []
