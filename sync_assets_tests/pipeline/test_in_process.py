"""`sync-assets sync` and backfills: real git repositories, real Dagster runs, real stores."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from pydantic import AnyHttpUrl

from sync_assets import sources
from sync_assets.connectors.git.connector import Git
from sync_assets.definitions import definitions_of
from sync_assets.errors import InvalidSettings, SourceGone, UnknownSource
from sync_assets.index.maintenance import statistics
from sync_assets.models import Source
from sync_assets.pipeline import tags
from sync_assets.pipeline.in_process import run_sync
from sync_assets.pipeline.instance import open_instance
from sync_assets.pipeline.resources import GivenStores
from sync_assets.sandbox.repositories import Repositories, Repository
from sync_assets.sandbox.server import running_sandbox
from sync_assets.settings import Settings
from sync_assets.stores import Stores
from sync_assets_tests import oracle
from sync_assets_tests.pipeline.conftest import QUIET
from sync_assets_tests.sync.test_files import of_several_groups

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repositories(tmp_path / "repositories", lambda: NOON).create("team/code")
    repository.commit({"greet.py": "def greet():\n    return 'hello'\n", "a.md": "# A\n"})
    return repository


@pytest.fixture
def stores(settings: Settings) -> Iterator[Stores]:
    with GivenStores(settings).open() as stores:
        yield stores


def differences(settings: Settings, source: Source, repository: Repository) -> list[str]:
    head = repository.head()
    assert head is not None
    files = oracle.searchable_files(repository.path, head)
    return oracle.differences(settings.index_uri, source.source_id, files)


def test_a_large_sync_ends_with_its_upkeep_since_no_daemon_may_run(
    settings: Settings, stores: Stores, repository: Repository
):
    repository.commit(of_several_groups())
    source = sources.register(stores.registry, "git", str(repository.path))

    run_sync(settings, source.source_id, "incremental")

    assert statistics(stores.reader.index)["chunks"].unindexed == 0


def test_a_sync_is_a_real_run_of_the_instance_that_up_uses(
    settings: Settings, stores: Stores, repository: Repository
):
    source = sources.register(stores.registry, "git", str(repository.path))
    seen: list[tuple[str, int, int]] = []

    def show(stage: str, done: int, total: int) -> None:
        seen.append((stage, done, total))

    (report,) = run_sync(settings, source.source_id, "incremental", show)

    assert report.documents is not None
    assert (report.listing.listed, report.documents.added) == (2, 2)
    assert differences(settings, source, repository) == []
    assert ("fetch", 2, 2) in seen
    with open_instance(settings) as instance:
        (run,) = instance.get_runs()
        assert Path(instance.root_directory) == settings.home / "dagster"
    assert run.job_name == "sync_git"
    assert run.status == dg.DagsterRunStatus.SUCCESS
    assert run.tags[tags.SOURCE] == source.source_id
    assert run.tags[tags.PARTITION] == source.scope
    assert stores.registry.get(source.source_id).last_success_at is not None


def test_a_second_sync_says_unchanged_and_a_full_one_looks_again(
    settings: Settings, stores: Stores, repository: Repository
):
    source = sources.register(stores.registry, "git", str(repository.path))
    run_sync(settings, source.source_id, "incremental")

    (again,) = run_sync(settings, source.source_id, "incremental")
    (full,) = run_sync(settings, source.source_id, "full")

    assert again.listing.unchanged
    assert again.documents is None
    assert full.index is not None
    assert full.index.texts_embedded == 0


def test_a_failed_sync_raises_what_went_wrong_and_counts_once(settings: Settings, stores: Stores):
    empty = settings.home / "nothing here"
    empty.mkdir()
    source = sources.register(stores.registry, "git", str(empty))

    with pytest.raises(SourceGone, match="no git repository is there"):
        run_sync(settings, source.source_id, "incremental")

    source = stores.registry.get(source.source_id)
    assert source.failures_in_a_row == 1
    assert "no git repository is there" in (source.last_error or "")


def test_sources_that_cannot_be_synced_are_refused_in_one_line(
    settings: Settings, stores: Stores, repository: Repository
):
    source = sources.register(stores.registry, "git", str(repository.path))
    sources.remove(stores.registry, source.source_id)

    with pytest.raises(InvalidSettings, match="is being removed"):
        run_sync(settings, source.source_id, "incremental")
    with pytest.raises(UnknownSource):
        run_sync(settings, "git:/elsewhere", "incremental")


def test_github_files_reach_the_index_through_all_three_stages(tmp_path: Path):
    with running_sandbox(tmp_path / "served", clock=lambda: NOON) as sandbox:
        repository = sandbox.repositories.create("acme/shop")
        repository.commit({"cart.py": "def total():\n    return 1\n"})
        settings = Settings(
            home=tmp_path / "home", embedder="hash", github_web_url=AnyHttpUrl(sandbox.url)
        )
        with GivenStores(settings).open() as stores:
            source = sources.register(stores.registry, "github", "acme/shop")
            run_sync(settings, source.source_id, "full")

        assert differences(settings, source, repository) == []
        with open_instance(settings) as instance:
            written = {
                key.to_user_string()
                for key in instance.get_asset_keys()
                if instance.get_latest_materialization_event(key)
            }
    assert written == {"github/repo_tree", "github/file_contents", "search_index/github_files"}


def test_a_backfill_brings_many_partitions_in(settings: Settings, stores: Stores, tmp_path: Path):
    repositories = Repositories(tmp_path / "repositories", lambda: NOON)
    names = [f"team/{number}" for number in range(4)]
    for name in names:
        repositories.create(name).commit({"name.md": f"# {name}\n"})
    made = [repositories.get(name) for name in names]
    registered = [
        sources.register(stores.registry, "git", str(repository.path)) for repository in made
    ]
    given = GivenStores(settings)
    job = definitions_of([Git()], settings).resolve_job_def("sync_git")

    with open_instance(settings) as instance:
        instance.add_dynamic_partitions("git_sources", [source.scope for source in registered])
        results = [
            job.execute_in_process(
                instance=instance,
                partition_key=source.scope,
                resources={"stores": given},
                run_config=QUIET,
                tags={tags.BACKFILL: "all of them"},
            )
            for source in registered
        ]
        done = instance.get_materialized_partitions(dg.AssetKey(["search_index", "git_files"]))

    assert all(result.success for result in results)
    assert done == {source.scope for source in registered}
    for source, repository in zip(registered, made, strict=True):
        assert differences(settings, source, repository) == []
