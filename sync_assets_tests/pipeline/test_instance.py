from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from sync_assets.connectors.catalog import CONNECTORS
from sync_assets.errors import InvalidSettings
from sync_assets.pipeline.instance import (
    POOL_LIMIT,
    open_instance,
    packaged_configuration,
    prepare_dagster_home,
)
from sync_assets.settings import Settings

ROOT = Path(__file__).parents[2]


def limits(home: Path) -> dict[str, int]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        return {each.name: each.limit for each in instance.event_log_storage.get_pool_limits()}


def test_home_holds_the_packaged_configuration_and_every_pool_s_limit(settings: Settings):
    home = prepare_dagster_home(settings)

    assert home == settings.home / "dagster"
    assert packaged_configuration() in (home / "dagster.yaml").read_text()
    assert limits(home) == dict.fromkeys(CONNECTORS, POOL_LIMIT)


def test_preparing_again_keeps_what_the_operator_and_the_past_left(settings: Settings):
    home = prepare_dagster_home(settings)
    with open_instance(settings) as instance:
        instance.event_log_storage.set_concurrency_slots("github", 1)
        instance.add_dynamic_partitions("github_sources", ["a/b"])

    prepare_dagster_home(settings)

    assert limits(home)["github"] == 1
    with open_instance(settings) as instance:
        assert instance.get_dynamic_partitions("github_sources") == ["a/b"]


def test_an_operator_s_own_dagster_home_is_taken_as_it_is(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    own = tmp_path / "own"
    own.mkdir()
    (own / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(own))

    assert prepare_dagster_home(settings) == own
    assert (own / "dagster.yaml").read_text() == "telemetry: {enabled: false}\n"
    assert not (settings.home / "dagster").exists()


def test_a_dagster_home_that_is_not_there_is_named(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "missing"))

    with pytest.raises(InvalidSettings, match=r"DAGSTER_HOME .*missing is no folder"):
        prepare_dagster_home(settings)


def test_the_configuration_is_what_dagster_understands(settings: Settings):
    with open_instance(settings) as instance:
        assert not instance.telemetry_enabled
        assert instance.run_retries_enabled
        assert not instance.run_retries_retry_on_asset_or_op_failure
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None
        keys = [limit["key"] for limit in queue.tag_concurrency_limits]
        assert keys[:2] == ["dagster/partition", "sync_assets/source"]


def test_the_deployed_configuration_differs_in_its_storage_alone():
    def read(path: Path) -> dict[str, Any]:
        return yaml.safe_load(path.read_text())

    deployed = read(ROOT / "deploy" / "dagster.yaml")

    assert deployed.pop("storage") == {"postgres": {"postgres_url": {"env": "DAGSTER_PG_URL"}}}
    assert deployed == read(ROOT / "dagster.yaml")
    assert packaged_configuration() == (ROOT / "dagster.yaml").read_text()
