"""deploy/dagster.yaml: Dagster and the control database on one real Postgres."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from sync_assets import sources
from sync_assets.pipeline.in_process import run_sync
from sync_assets.pipeline.instance import open_instance
from sync_assets.pipeline.resources import GivenStores
from sync_assets.sandbox.repositories import Repositories
from sync_assets.settings import Settings

ROOT = Path(__file__).parents[2]


def test_a_sync_with_dagster_and_the_control_database_on_postgres(
    postgres_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    home = tmp_path / "dagster"
    home.mkdir()
    shutil.copy(ROOT / "deploy" / "dagster.yaml", home)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("DAGSTER_PG_URL", postgres_settings.database_url.get_secret_value())
    repository = Repositories(
        tmp_path / "repositories", lambda: datetime(2026, 3, 1, tzinfo=UTC)
    ).create("team/code")
    repository.commit({"a.md": "# A\n"})

    with GivenStores(postgres_settings).open() as stores:
        source = sources.register(stores.registry, "git", str(repository.path))
        (report,) = run_sync(postgres_settings, source.source_id, "incremental")
        assert stores.registry.get(source.source_id).last_success_at is not None

    assert report.index is not None
    assert report.index.chunks_written == 1
    with open_instance(postgres_settings) as instance:
        assert type(instance.run_storage).__name__ == "PostgresRunStorage"
        (run,) = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.SUCCESS
        key = dg.AssetKey(["search_index", "git_files"])
        assert instance.get_materialized_partitions(key) == {source.scope}
    assert not list(home.rglob("*.db"))
