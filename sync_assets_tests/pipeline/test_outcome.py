import dagster as dg

from sync_assets.errors import SourceGone
from sync_assets.pipeline import tags
from sync_assets.pipeline.outcome import record_outcome
from sync_assets_tests.pipeline.conftest import Pipeline


def record(pipeline: Pipeline, result: dg.ExecuteInProcessResult) -> None:
    record_outcome(pipeline.stores, pipeline.instance, result.run_id)


def test_success_resets_the_count_of_failures(pipeline: Pipeline):
    source = pipeline.register()
    pipeline.stores.registry.record_failure(source.source_id, "earlier")

    record(pipeline, pipeline.run())

    source = pipeline.stores.registry.get(source.source_id)
    assert source.failures_in_a_row == 0
    assert source.last_success_at == pipeline.clock()
    assert source.last_error is None


def test_a_failed_run_is_counted_once_however_often_it_is_told(pipeline: Pipeline):
    source = pipeline.register()
    pipeline.world.outage = SourceGone("toy/team was deleted")

    result = pipeline.run()
    record(pipeline, result)
    record(pipeline, result)

    source = pipeline.stores.registry.get(source.source_id)
    assert source.failures_in_a_row == 1
    assert source.last_error == "toy/team was deleted"


def test_the_fifth_failed_run_in_a_row_puts_the_source_in_error(pipeline: Pipeline):
    source = pipeline.register()
    pipeline.world.outage = SourceGone("toy/team was deleted")
    statuses: list[str] = []

    for _ in range(5):
        record(pipeline, pipeline.run())
        statuses.append(pipeline.stores.registry.get(source.source_id).status)

    assert statuses == ["active", "active", "active", "active", "error"]


def test_a_run_that_will_be_retried_is_not_counted(pipeline: Pipeline):
    source = pipeline.register()
    pipeline.world.outage = SourceGone("toy/team was deleted")

    result = pipeline.run()
    pipeline.instance.add_run_tags(result.run_id, {tags.WILL_RETRY: "true"})
    record(pipeline, result)

    assert pipeline.stores.registry.get(source.source_id).failures_in_a_row == 0


def test_meeting_another_writer_does_not_count_against_the_source(pipeline: Pipeline):
    source = pipeline.register()
    with pipeline.stores.leases.hold("toy:team/notes", 60, "someone else"):
        record(pipeline, pipeline.run())

    source = pipeline.stores.registry.get(source.source_id)
    assert source.failures_in_a_row == 0
    assert source.status == "active"


def test_an_unexpected_error_is_told_without_its_content(pipeline: Pipeline):
    source = pipeline.register()
    pipeline.world.outage = ValueError("the secret text of a document")

    record(pipeline, pipeline.run())

    found = pipeline.stores.registry.get(source.source_id).last_error
    assert found == "Unexpected ValueError: see the log of the run"


def test_a_re_execution_of_a_recorded_run_is_recorded_too(pipeline: Pipeline):
    source = pipeline.register()
    pipeline.world.outage = SourceGone("toy/team was deleted")
    first = pipeline.run()
    record(pipeline, first)
    run = pipeline.instance.get_run_by_id(first.run_id)
    assert run is not None

    record(pipeline, pipeline.run(marks={tags.RECORDED: run.tags[tags.RECORDED]}))

    assert pipeline.stores.registry.get(source.source_id).failures_in_a_row == 2
