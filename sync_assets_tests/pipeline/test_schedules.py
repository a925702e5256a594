from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from pydantic import AnyHttpUrl

from sync_assets.pipeline import tags
from sync_assets.pipeline.schedules import NIGHT_HOURS, night_hour
from sync_assets_tests.pipeline.conftest import Pipeline

DAY = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """On SQLite files: a schedule is given a reference to its instance."""
    quiet = {"telemetry": {"enabled": False}}
    with dg.DagsterInstance.local_temp(str(tmp_path), quiet) as instance:
        yield instance


def scheduled(pipeline: Pipeline, name: str, at: datetime) -> list[dg.RunRequest]:
    context = dg.build_schedule_context(
        instance=pipeline.instance,
        scheduled_execution_time=at,
        resources={"stores": pipeline.given},
    )
    answer = pipeline.defs.resolve_schedule_def(name)(context)
    if isinstance(answer, dg.SkipReason):
        return []
    assert isinstance(answer, dg.RunRequest | list)
    return [answer] if isinstance(answer, dg.RunRequest) else answer


def night(pipeline: Pipeline, name: str) -> list[dg.RunRequest]:
    return [
        request
        for hour in NIGHT_HOURS
        for request in scheduled(pipeline, name, DAY + timedelta(hours=hour))
    ]


def test_every_active_source_is_reconciled_in_full_once_a_night(pipeline: Pipeline):
    for number in range(20):
        pipeline.stores.registry.add("toy", f"team {number}", {}, "0 12 * * *")
    pipeline.stores.registry.pause("toy:team 7")

    asked = night(pipeline, "reconcile_toy")

    assert len(asked) == len({request.run_key for request in asked}) == 19
    assert {request.run_config["ops"]["toy__notes"]["config"]["mode"] for request in asked} == {
        "full"
    }
    assert len({night_hour(f"toy:team {number}") for number in range(20)}) == len(NIGHT_HOURS)
    assert len(pipeline.partitions()) == 19
    assert not scheduled(pipeline, "reconcile_toy", DAY + timedelta(hours=12))


def test_every_active_source_is_audited_once_a_night_behind_all_else(pipeline: Pipeline):
    pipeline.register()

    (request,) = night(pipeline, "nightly_verify_toy")

    assert request.partition_key == "team"
    assert int(request.tags[tags.PRIORITY]) == min(
        int(tags.run_tags(trigger, "x")[tags.PRIORITY]) for trigger in tags.PRIORITIES
    )
    assert pipeline.run("verify_toy", marks=request.tags).success


def test_the_index_is_maintained_after_syncs_and_not_otherwise(pipeline: Pipeline):
    pipeline.register()
    assert not scheduled(pipeline, "index_maintenance", DAY)
    pipeline.run()

    assert len(scheduled(pipeline, "index_maintenance", DAY)) == 1
    result = pipeline.run("maintain_index", None)
    assert result.success
    assert not scheduled(pipeline, "index_maintenance", DAY)
    metadata = result.asset_materializations_for_node("search_index__maintenance")[0].metadata
    assert metadata["dagster/row_count"].value == 2
    assert metadata["chunks_fragments"].value == 1


def test_logs_of_deliveries_are_read_where_a_repository_has_an_address_to_call(pipeline: Pipeline):
    def asked() -> int:
        return len(scheduled(pipeline, "missed_deliveries", DAY))

    assert asked() == 0
    pipeline.stores.registry.add("github", "acme/shop", {}, "0 12 * * *")
    assert asked() == 0
    known = {"public_url": AnyHttpUrl("https://hooks.example.com")}
    pipeline.given.settings = pipeline.given.settings.model_copy(update=known)
    assert asked() == 1
