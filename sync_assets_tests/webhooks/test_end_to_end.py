"""From what happens at GitHub to what a search finds: a running receiver, daemon and webserver."""

import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from sync_assets import sources
from sync_assets.cli.services import running_services
from sync_assets.control.inbox import ENDED
from sync_assets.hits import Hit
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.search import search
from sync_assets.settings import load_settings
from sync_assets.stores import Stores, open_stores
from sync_assets.webhooks.setup import set_up
from sync_assets_tests.webhooks.conftest import SECRET, SHOP, TOKEN


@dataclass(frozen=True, slots=True)
class Running:
    """All of it, with a repository whose first sync is done."""

    sandbox: Sandbox
    repository: Repository
    stores: Stores

    def best(self, query: str) -> Hit | None:
        """The best that a search finds now."""
        hits = search(self.stores, query, limit=1).hits
        return hits[0] if hits else None


def wait(until: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 120
    while not until():
        assert time.monotonic() < deadline, f"{what} did not come to pass"
        time.sleep(0.2)


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Running]:
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
            sources.register(stores.registry, "github", "acme/shop", settings=settings)
            with running_services(
                settings, port=0, folder=tmp_path, say=lambda _: None, stop_seconds=5
            ) as services:
                stores.settings = settings.model_copy(update={"public_url": services.receiver})
                assert [each.outcome for each in set_up(stores, SHOP)] == ["created"]
                wait(lambda: len(_synced(stores)) == 3, "the first sync")
                yield Running(sandbox, repository, stores)


def _synced(stores: Stores) -> list[str]:
    return [each.stream for each in stores.cursors.all() if each.verified_at is not None]


def test_push_comment_and_merge_are_each_found_by_search_after_their_webhooks(running: Running):
    tracker = running.sandbox.trackers.of("acme/shop")

    commit = running.repository.commit({"docs/refunds.md": "# Refunds\n\nWithin forty days.\n"})
    tracker.comment(1, "The zirconium filament has burnt through.")
    tracker.merge(2)
    running.sandbox.post.drain()

    def found() -> bool:
        refunds, filament = running.best("refunds forty days"), running.best("zirconium filament")
        lamp = running.best("Pull request #2 merged bulb")
        return (
            refunds is not None
            and f"/blob/{commit}/docs/refunds.md" in refunds.url
            and filament is not None
            and "/issues/1" in filament.url
            and "zirconium" in filament.text
            and lamp is not None
            and "merged" in lamp.text
        )

    wait(found, "what happened")
    wait(lambda: all(each.state in ENDED for each in running.stores.inbox.newest()), "every end")
    kinds = {each.kind: each.state for each in running.stores.inbox.newest()}
    assert kinds == {
        "push": "done",
        "issue_comment.created": "done",
        "pull_request.closed": "done",
    }
    assert set(running.stores.inbox.lags()) == {SHOP}
