from pathlib import Path

import dagster as dg

from sync_assets.pipeline.resources import GivenStores
from sync_assets_tests.pipeline.conftest import QUIET, Pipeline


def registered(pipeline: Pipeline, **config: object) -> dg.ExecuteInProcessResult:
    ops = {"ops": {"register_one": {"config": config}}}
    return pipeline.run("register_source", None, config=ops)


def test_a_source_registered_in_the_ui_asks_for_its_first_full_sync(
    pipeline: Pipeline, tmp_path: Path
):
    result = registered(pipeline, connector="git", scope=str(tmp_path), settings={"branch": "main"})

    assert result.success
    (source,) = pipeline.stores.registry.all()
    assert source.settings["branch"] == "main"
    (request,) = pipeline.stores.registry.pending_requests()
    assert request.mode == "full"
    assert result.run_id in request.requested_by


def test_a_bad_source_fails_its_registration_in_one_line_and_registers_nothing(
    pipeline: Pipeline,
):
    result = registered(pipeline, connector="nowhere", scope="x")

    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "unknown connector 'nowhere'" in str(failure.step_failure_data.error)
    assert not pipeline.stores.registry.all()


def test_only_a_source_that_was_asked_to_go_is_purged(pipeline: Pipeline):
    source = pipeline.register()
    config = {"ops": {"purge_source": {"config": {"source_id": source.source_id}}}}

    result = pipeline.run("remove_source", None, config=config)

    assert not result.success
    assert pipeline.stores.registry.get(source.source_id).status == "active"


def test_maintenance_runs_on_an_index_that_was_never_written(pipeline: Pipeline):
    result = pipeline.defs.resolve_job_def("maintain_index").execute_in_process(
        instance=pipeline.instance,
        resources={"stores": GivenStores(pipeline.given.settings)},
        run_config=QUIET,
    )

    assert result.success
