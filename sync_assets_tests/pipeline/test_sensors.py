from sqlalchemy import update

from sync_assets.control.schema import sources as source_rows
from sync_assets.pipeline import tags
from sync_assets_tests.pipeline.conftest import Pipeline


def test_a_registered_source_gets_its_partition_and_first_full_sync(pipeline: Pipeline):
    source = pipeline.stores.registry.add("toy", "team/with space", {}, "*/15 * * * *")
    pipeline.stores.registry.request_sync(source.source_id, "full", "test")

    answer = pipeline.tick("registry_sync")

    assert pipeline.partitions() == ["team/with space"]
    (request,) = answer.run_requests or []
    assert request.job_name == "sync_toy"
    assert request.run_config == {"ops": {"toy__notes": {"config": {"mode": "full"}}}}
    assert request.tags[tags.SOURCE] == source.source_id
    assert request.tags[tags.TRIGGER] == "backfill"
    (result,) = pipeline.launch(answer.run_requests)
    assert result.success


def test_a_request_is_asked_for_until_it_is_a_run_and_never_again(pipeline: Pipeline):
    source = pipeline.register()
    pipeline.stores.registry.request_sync(source.source_id, "incremental", "test")

    lost = pipeline.tick("registry_sync")  # the daemon dies before it launches this one
    again = pipeline.tick("registry_sync")
    assert len(lost.run_requests or []) == len(again.run_requests or ()) == 1
    assert pipeline.launch(lost.run_requests)
    assert not pipeline.launch(again.run_requests)
    after = pipeline.tick("registry_sync")

    assert not after.run_requests
    assert not pipeline.stores.registry.pending_requests()


def test_partitions_follow_the_registry(pipeline: Pipeline):
    kept, gone = pipeline.register("kept"), pipeline.register("gone")
    pipeline.stores.registry.delete(gone.source_id)
    pipeline.instance.add_dynamic_partitions("toy_sources", ["added by hand"])

    pipeline.tick("registry_sync")

    assert pipeline.partitions() == [kept.scope]


def test_a_removed_source_is_purged_and_forgotten(pipeline: Pipeline):
    source = pipeline.register()
    other = pipeline.register("other")
    pipeline.run()
    pipeline.run(scope="other")
    pipeline.stores.registry.mark_removing(source.source_id)

    answer = pipeline.tick("registry_sync")
    (result,) = pipeline.launch(answer.run_requests)

    assert result.success
    assert [each.source_id for each in pipeline.stores.registry.all()] == [other.source_id]
    assert pipeline.partitions() == ["other"]
    assert pipeline.stores.reader.chunks_stored(source.source_id, "notes") == {}
    assert len(pipeline.stores.reader.chunks_stored(other.source_id, "notes")) == 2


def test_a_purge_that_failed_is_asked_for_again_an_hour_later(pipeline: Pipeline):
    source = pipeline.register()
    pipeline.stores.registry.mark_removing(source.source_id)
    with pipeline.stores.leases.hold("toy:team/notes", 7200, "a sync"):
        (failed,) = pipeline.launch(pipeline.tick("registry_sync").run_requests)
    assert not failed.success
    assert not pipeline.launch(pipeline.tick("registry_sync").run_requests)

    pipeline.clock.advance(3600)
    (result,) = pipeline.launch(pipeline.tick("registry_sync").run_requests)

    assert result.success


def test_a_scope_that_dagster_refuses_does_not_stop_the_others(pipeline: Pipeline):
    for scope in ("bad...scope", "good"):
        source = pipeline.stores.registry.add("toy", scope, {}, "*/15 * * * *")
        pipeline.stores.registry.request_sync(source.source_id, "full", "test")

    answer = pipeline.tick("registry_sync")

    assert [request.partition_key for request in answer.run_requests or []] == ["good"]
    assert pipeline.partitions() == ["good"]


def test_a_source_of_a_connector_we_no_longer_have_does_not_stop_the_others(pipeline: Pipeline):
    foreign = pipeline.stores.registry.add("withdrawn", "x", {}, "* * * * *")
    good = pipeline.register("good", cron="* * * * *")
    for each in (foreign, good):
        pipeline.stores.registry.request_sync(each.source_id, "full", "test")
    pipeline.clock.advance(3600)

    asked = pipeline.tick("registry_sync").run_requests or []
    due = pipeline.tick("due_sources").run_requests or []

    assert [request.partition_key for request in asked] == ["good"]
    assert [request.partition_key for request in due] == ["good"]


def test_a_failed_document_is_tried_again_when_its_time_has_come(pipeline: Pipeline):
    source = pipeline.register()
    pipeline.world.broken = {"two"}
    pipeline.run()
    assert not pipeline.tick("retry_failures").run_requests

    pipeline.world.broken = set()
    pipeline.clock.advance(60)
    answer = pipeline.tick("retry_failures")
    (request,) = answer.run_requests or []
    (result,) = pipeline.launch(answer.run_requests)

    assert request.tags[tags.TRIGGER] == "retry"
    assert result.success
    assert not pipeline.stores.failures.list(source.source_id)
    assert not pipeline.tick("retry_failures").run_requests


def test_a_retry_waits_while_a_run_of_its_source_is_under_way(pipeline: Pipeline):
    pipeline.register()
    pipeline.world.broken = {"two"}
    pipeline.run()
    pipeline.clock.advance(60)
    pipeline.pretend_running("team")

    assert not pipeline.tick("retry_failures").run_requests


def test_freshness_is_told_when_it_changes_and_only_then(pipeline: Pipeline):
    pipeline.register()
    pipeline.run()
    cursor: str | None = None

    def told() -> list[bool]:
        nonlocal cursor
        answer = pipeline.tick("freshness", cursor=cursor)
        cursor = answer.cursor or cursor
        return [
            check.passed
            for result in pipeline.launch(answer.run_requests)
            for check in result.get_asset_check_evaluations()
            if check.partition == "team" and check.check_name == "fresh_against_cron"
        ]

    fresh = told()
    pipeline.clock.advance(3600)
    overdue, still = told(), told()
    pipeline.clock.advance(60)
    pipeline.run()
    again = told()

    assert (fresh, overdue, still, again) == ([], [False], [], [True])


def test_paused_sources_promise_no_freshness(pipeline: Pipeline):
    source = pipeline.register()
    pipeline.stores.registry.pause(source.source_id)
    pipeline.clock.advance(86_400)

    assert not pipeline.tick("freshness").run_requests


def test_one_damaged_row_goes_to_error_and_never_fails_a_tick(pipeline: Pipeline):
    bad, good = pipeline.register("bad"), pipeline.register("good")
    with pipeline.stores.database.write() as connection:
        connection.execute(
            update(source_rows)
            .where(source_rows.c.source_id == bad.source_id)
            .values(cron="no cron at all")
        )
    pipeline.clock.advance(3600)

    launched = [pipeline.tick("due_sources").run_requests or [] for _ in range(6)]

    assert {request.partition_key for request in launched[0]} == {"good"}
    assert pipeline.stores.registry.get(bad.source_id).status == "error"
    assert pipeline.stores.registry.get(good.source_id).status == "active"
