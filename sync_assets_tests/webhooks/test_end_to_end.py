"""From what happens at GitHub to what a search finds: a running receiver, daemon and webserver."""

import os
import signal
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import JsonValue

from sync_assets import sources
from sync_assets.cli.services import running_services
from sync_assets.control.inbox import ENDED
from sync_assets.pipeline import tags
from sync_assets.pipeline.instance import open_instance
from sync_assets.sandbox.post import Mishaps
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.settings import load_settings
from sync_assets.stores import Stores, open_stores
from sync_assets.webhooks.setup import set_up
from sync_assets_tests import oracle
from sync_assets_tests.connectors.github import trackers
from sync_assets_tests.waiting import wait
from sync_assets_tests.webhooks.conftest import SECRET, SHOP, TOKEN
from sync_assets_tests.webhooks.story import Story

TRACKER: list[JsonValue] = ["pull_requests", "issues"]


@dataclass(frozen=True, slots=True)
class Running:
    """All of it, with a repository whose first sync is done."""

    sandbox: Sandbox
    repository: Repository
    stores: Stores


@contextmanager
def started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scopes: Mapping[str, list[JsonValue]]
) -> Generator[Running]:
    """Sources of these scopes and streams, of one repository."""
    with running_sandbox(tmp_path / "served", tokens={TOKEN: ("acme/*",)}) as sandbox:
        for name, value in {
            "HOME": str(tmp_path / "home"),
            "EMBEDDER": "hash",
            "SERVER_PORT": "0",
            "GITHUB_WEB_URL": sandbox.url,
            "GITHUB_API_URL": f"{sandbox.url}/api/v3",
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_WEBHOOK_SECRET": SECRET,
        }.items():
            monkeypatch.setenv(f"SYNC_ASSETS_{name}", value)
        repository = sandbox.repositories.create("acme/shop")
        repository.commit({"README.md": "# Shop\n\nA shop for tea.\n"})
        tracker = sandbox.trackers.of(repository)
        tracker.open_issue("The lamp is dark", "It was bright yesterday.")
        tracker.open_pull("Light the lamp", "A new bulb.")
        settings = load_settings()
        with closing(open_stores(settings)) as stores:
            for scope, streams in scopes.items():
                sources.register(stores.registry, "github", scope, {"streams": streams})
            with running_services(
                settings, port=0, folder=tmp_path, say=lambda _: None, stop_seconds=5
            ) as services:
                stores.settings = settings.model_copy(update={"public_url": services.receiver})
                assert [each.outcome for each in set_up(stores, None)] == ["created"]
                wait(lambda: len(_synced(stores)) == 3, "the first sync")
                yield Running(sandbox, repository, stores)


def _ended(stores: Stores) -> bool:
    return all(each.state in ENDED for each in stores.inbox.newest())


def _synced(stores: Stores) -> list[str]:
    return [each.stream for each in stores.cursors.all() if each.verified_at is not None]


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_after_lost_repeated_reordered_and_forged_calls_and_killed_runs_the_index_is_the_sandbox(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Any,  # noqa: ANN401 - pytest's
):
    scopes: dict[str, list[JsonValue]] = {"acme/shop": ["files"], "acme/shop@main": TRACKER}
    with started(tmp_path, monkeypatch, scopes) as running:
        sandbox, stores, repository = running.sandbox, running.stores, running.repository
        post, story = sandbox.post, Story(sandbox, repository, seed=7)
        for number in range(12):
            sandbox.trackers.of(repository).open_issue(f"Old issue {number}")
        post.drain()
        wait(lambda: stores.inbox.newest() and _ended(stores), "the old issues")
        post.mishaps = Mishaps(7, lost=0.2, refused=0.1, twice=0.2, late=0.3, forged=0.3)
        with open_instance(load_settings()) as instance:
            for _ in range(5):
                story.go_on(30)
                post.drain()
                wait(lambda: _kill_one(instance), "a run to kill")
            wait(lambda: _ended(stores), "every end")
            begun = stores.clock()
            for source in stores.registry.all():
                sources.trigger(stores.registry, source.source_id, "full")
            wait(lambda: _swept_since(stores, begun), "the reconcile")

        head, index = repository.head() or "", stores.settings.index_uri
        files = oracle.searchable_files(repository.path, head)
        assert oracle.differences(index, SHOP, files) == []
        tracker = sandbox.trackers.of(repository)
        assert trackers.differences(index, f"{SHOP}@main", tracker) == []
        assert _ended(stores)
        kinds = Counter(sent.kind for sent in post.sent)
        record_property("calls", kinds.total())
        record_property("of them forged", kinds["altered body"] + kinds["altered signature"])
        record_property("killed runs", 5)


def _swept_since(stores: Stores, begun: datetime) -> bool:
    """Whether a complete listing that began since then is in the index, of each stream."""
    return all(
        each.swept_at is not None and each.swept_at >= begun for each in stores.cursors.all()
    )


def _kill_one(instance: dg.DagsterInstance) -> bool:
    """A run that is in the middle of its work, if there is one."""
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        if tags.PROCESS in run.tags:
            pid = int(run.tags[tags.PROCESS].rpartition("/")[2].partition("#")[0])
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                return True
    return False
