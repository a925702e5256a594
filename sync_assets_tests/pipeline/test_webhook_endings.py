"""Repositories that are renamed, hidden, deleted, archived, rewritten: told by webhooks, and what
the sensor and its runs do to the source. A real connector, on the sandbox.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from pydantic import AnyHttpUrl, SecretStr

from sync_assets import sources
from sync_assets.connectors.github.connector import GitHub
from sync_assets.definitions import definitions_of
from sync_assets.models import Source
from sync_assets.pipeline.resources import GivenStores
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.settings import Settings
from sync_assets_tests import oracle
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.pipeline.conftest import Pipeline
from sync_assets_tests.pipeline.deliveries import asked, deliver, run, states
from sync_assets_tests.toy import World

NAME, TOKEN = "acme/shop", "ghs_1234567890abcdefghijklmnopqrstuvwxyz"


@dataclass
class Shop:
    """A repository at GitHub, and its source, synced."""

    sandbox: Sandbox
    pipeline: Pipeline
    source_id: str

    @property
    def repository(self) -> Repository:
        return self.sandbox.repositories.all()[0]

    @property
    def source(self) -> Source:
        return self.pipeline.stores.registry.get(self.source_id)

    def bring_in(self) -> list[dg.ExecuteInProcessResult]:
        """What waits, and what follows from it."""
        results: list[dg.ExecuteInProcessResult] = []
        for _ in range(3):
            results += run(self.pipeline, asked(self.pipeline))
            results += run(self.pipeline, self.pipeline.tick("registry_sync").run_requests or [])
        return results

    def differences(self, branch: str | None = None) -> list[str]:
        head = self.repository.head(branch) or ""
        files = oracle.searchable_files(self.repository.path, head)
        return oracle.differences(
            self.pipeline.given.settings.index_uri, self.source.source_id, files
        )


@pytest.fixture
def shop(tmp_path: Path, instance: dg.DagsterInstance, clock: FakeClock) -> Iterator[Shop]:
    with ExitStack() as stack:
        tokens = {TOKEN: ("acme/*",)}
        sandbox = stack.enter_context(
            running_sandbox(tmp_path / "served", clock=clock, tokens=tokens)
        )
        repository = sandbox.repositories.create(NAME)
        repository.commit({"a.py": "def a():\n    return 1\n", "b.md": "# About b\n"})
        settings = Settings(
            home=tmp_path / "home",
            embedder="hash",
            github_web_url=AnyHttpUrl(sandbox.url),
            github_api_url=AnyHttpUrl(f"{sandbox.url}/api/v3"),
            github_token=SecretStr(TOKEN),
        )
        given = GivenStores(settings, clock=clock)
        stores = stack.enter_context(given.open())
        source = sources.register(stores.registry, "github", NAME, {"branch": "main"})
        defs = definitions_of([GitHub()], settings)
        pipeline = Pipeline(defs, instance, given, stores, World(), clock)
        shop = Shop(sandbox, pipeline, source.source_id)
        shop.bring_in()
        assert shop.differences() == []
        yield shop


def last_error(shop: Shop) -> str:
    return shop.source.last_error or ""


def test_a_renamed_repository_keeps_its_source_and_its_documents(shop: Shop):
    before = shop.pipeline.stores.reader.documents_stored(shop.source_id, "files").keys()
    shop.sandbox.repositories.rename(NAME, "acme/store")
    deliver(shop.pipeline, shop.source, "push", ["files"])
    deliver(shop.pipeline, shop.source, "moved", renamed_to="acme/store")

    results = shop.bring_in()

    assert all(result.success for result in results)
    assert (shop.source.source_id, shop.source.scope) == ("github:acme/shop", "acme/store")
    assert shop.source.generation == 1
    assert states(shop.pipeline) == {"push": "done", "moved": "done"}
    assert shop.differences() == []
    after = shop.pipeline.stores.reader.documents_stored(shop.source_id, "files").keys()
    assert after == before
    assert shop.pipeline.instance.get_dynamic_partitions("github_sources") == ["acme/store"]


def test_an_old_word_of_a_new_name_moves_nothing(shop: Shop):
    deliver(shop.pipeline, shop.source, "replayed", renamed_to="acme/elsewhere")

    shop.bring_in()

    assert shop.source.scope == NAME
    assert states(shop.pipeline) == {"replayed": "done"}


def test_a_repository_that_is_deleted_stays_searchable_and_says_why(shop: Shop):
    ends = "GitHub says that the repository was deleted"
    shop.sandbox.repositories.delete(NAME)
    deliver(shop.pipeline, shop.source, "a", ends=ends)

    results = shop.bring_in()

    assert not any(result.success for result in results)
    assert last_error(shop).startswith(f"{ends}: ")
    stored = shop.pipeline.stores.reader.documents_stored(shop.source_id, "files")
    assert len(stored) == 2
    assert not asked(shop.pipeline)  # it is tried again when its next try has come


def test_a_made_private_repository_that_we_may_still_read_goes_on(shop: Shop):
    shop.repository.set_private(private=True)
    deliver(shop.pipeline, shop.source, "a", ends="GitHub says that it was made private")

    assert all(result.success for result in shop.bring_in())
    assert states(shop.pipeline) == {"a": "done"}
    assert shop.source.last_error is None


def test_an_archived_repository_is_read_again_and_stays(shop: Shop):
    shop.repository.archive()
    deliver(shop.pipeline, shop.source, "a")

    assert all(result.success for result in shop.bring_in())
    assert states(shop.pipeline) == {"a": "done"}
    assert shop.differences() == []


def test_a_force_push_leaves_what_the_branch_has_now_and_asks_nobody(shop: Shop):
    shop.repository.force_push("main", {"c.md": "# All is new\n"})
    hints = {"branch": "main", "forced": True}
    deliver(shop.pipeline, shop.source, "a", ["files"], hints=hints)

    shop.bring_in()

    assert shop.differences() == []
    assert not shop.pipeline.stores.approvals.all(state="held")
    assert states(shop.pipeline) == {"a": "done"}


def test_a_deleted_branch_keeps_its_documents_and_is_named(shop: Shop):
    shop.repository.create_branch("next")
    shop.repository.switch_default_branch("next")
    shop.repository.delete_branch("main")
    ends = "GitHub says that the branch main was deleted"
    deliver(shop.pipeline, shop.source, "a", ["files"], ends=ends)

    results = shop.bring_in()

    assert not any(result.success for result in results)
    assert last_error(shop).startswith(f"{ends}: ")
    stored = shop.pipeline.stores.reader.documents_stored(shop.source_id, "files")
    assert len(stored) == 2
