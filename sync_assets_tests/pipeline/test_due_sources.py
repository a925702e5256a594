from sync_assets.pipeline import tags
from sync_assets_tests.pipeline.conftest import Pipeline


def test_a_source_is_launched_when_its_cron_says_so_and_once(pipeline: Pipeline):
    pipeline.register("quarter", cron="*/15 * * * *")
    pipeline.register("daily", cron="0 3 * * *")
    assert not pipeline.tick("due_sources").run_requests

    pipeline.clock.advance(15 * 60)
    answer = pipeline.tick("due_sources")
    (request,) = answer.run_requests or []
    (result,) = pipeline.launch(answer.run_requests)

    assert result.success
    assert request.partition_key == "quarter"
    assert request.run_key == "toy:quarter:2026-01-01T12:15:00+00:00"
    assert request.tags[tags.TRIGGER] == "schedule"
    assert not pipeline.tick("due_sources").run_requests


def test_sources_that_may_not_run_are_passed_over(pipeline: Pipeline):
    registry = pipeline.stores.registry
    registry.pause(pipeline.register("paused").source_id)
    registry.mark_removing(pipeline.register("removing").source_id)
    failing = pipeline.register("failing").source_id
    for _ in range(5):
        registry.record_failure(failing, "again")
    pipeline.register("active")
    pipeline.clock.advance(3600)

    asked = pipeline.tick("due_sources").run_requests or []

    assert [request.partition_key for request in asked] == ["active"]


def test_runs_never_pile_up(pipeline: Pipeline):
    pipeline.register()
    pipeline.clock.advance(3600)
    pipeline.pretend_running("team")

    assert not pipeline.tick("due_sources").run_requests


def test_a_run_that_was_cancelled_in_the_queue_does_not_block_its_source(pipeline: Pipeline):
    pipeline.register()
    pipeline.clock.advance(15 * 60)
    (first,) = pipeline.tick("due_sources").run_requests or []
    pipeline.clock.advance(15 * 60)
    (second,) = pipeline.tick("due_sources").run_requests or []

    assert first.run_key != second.run_key


def test_a_source_without_its_partition_yet_gets_it_in_the_same_tick(pipeline: Pipeline):
    pipeline.stores.registry.add("toy", "new", {}, "*/15 * * * *")
    pipeline.clock.advance(3600)

    answer = pipeline.tick("due_sources")

    assert pipeline.partitions() == ["new"]
    assert [result.success for result in pipeline.launch(answer.run_requests)] == [True]
