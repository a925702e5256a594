import dagster as dg

from sync_assets.pipeline import tags
from sync_assets.pipeline.assets import connector_assets
from sync_assets.pipeline.versions import code_versions
from sync_assets_tests.pipeline.conftest import QUIET, Pipeline
from sync_assets_tests.toy import ToyConnector

NOTES = dg.AssetKey(["toy", "notes"])
INDEX = dg.AssetKey(["search_index", "toy_notes"])
FULL = {"ops": {"toy__notes": {"config": {"mode": "full"}}}}


def skipped(result: dg.ExecuteInProcessResult) -> set[str]:
    return {event.step_key or "" for event in result.all_events if event.is_step_skipped}


def test_a_sync_materializes_every_stage_with_numbers_that_plot(pipeline: Pipeline):
    pipeline.register()

    result = pipeline.run()

    assert result.success
    notes = result.asset_materializations_for_node("toy__notes")[0].metadata
    index = result.asset_materializations_for_node("search_index__toy_notes")[0].metadata
    assert {name: notes[name].value for name in ("listed", "added", "failed", "skipped")} == {
        "listed": 2,
        "added": 2,
        "failed": 0,
        "skipped": 0,
    }
    assert index["chunks_written"].value == 2
    assert index["texts_embedded"].value == 2
    assert index["dagster/partition_row_count"].value == 2
    assert index["source"] == dg.MetadataValue.url("https://toy.example")
    assert index["watermark"].value == pipeline.world.state()


def test_an_unchanged_source_is_observed_and_everything_below_is_skipped(pipeline: Pipeline):
    pipeline.register()
    pipeline.run()

    result = pipeline.run()

    assert result.success
    assert [event.asset_key for event in result.get_asset_observation_events()] == [NOTES]
    assert result.get_asset_materialization_events() == []
    assert "search_index__toy_notes" in skipped(result)


def test_a_full_sync_lists_anew_though_nothing_changed(pipeline: Pipeline):
    pipeline.register()
    pipeline.run()

    result = pipeline.run(config=FULL)

    keys = {event.asset_key for event in result.get_asset_materialization_events()}
    assert keys == {NOTES, INDEX}
    assert pipeline.world.fetched == ["one", "two"]


def test_a_failed_document_fails_its_check_and_not_the_run(pipeline: Pipeline):
    pipeline.register()
    pipeline.world.broken = {"two"}

    result = pipeline.run()

    assert result.success
    checks = {each.check_name: each for each in result.get_asset_check_evaluations()}
    assert not checks["no_failures"].passed
    assert "| two | ValueError |" in str(checks["no_failures"].metadata["failures_table"].value)
    assert checks["no_secrets"].passed
    assert checks["no_duplicate_chunks"].passed


def test_a_sync_runs_every_cheap_check_of_its_partition_and_never_the_audit(pipeline: Pipeline):
    pipeline.register()

    checks = pipeline.run().get_asset_check_evaluations()

    assert sorted(each.check_name for each in checks) == [
        "deletes_approved",
        "fresh_against_cron",
        "no_duplicate_chunks",
        "no_failures",
        "no_secrets",
    ]
    assert {each.partition for each in checks} == {"team"}


def test_each_stage_can_run_alone_as_after_a_crash(pipeline: Pipeline):
    pipeline.register()
    versions = code_versions(pipeline.given.settings)
    assets = connector_assets(ToyConnector(pipeline.world), versions)

    def materialize(key: dg.AssetKey) -> dg.ExecuteInProcessResult:
        return dg.materialize(
            assets,
            selection=[key],
            instance=pipeline.instance,
            partition_key="team",
            resources={"stores": pipeline.given},
            run_config=QUIET,
        )

    assert materialize(NOTES).success
    assert materialize(INDEX).success
    assert len(pipeline.stores.reader.chunks_stored("toy:team", "notes")) == 2


def test_a_run_bears_its_source_and_trigger_whoever_launched_it(pipeline: Pipeline):
    source = pipeline.register()

    by_hand = pipeline.run()
    in_a_backfill = pipeline.run(marks={tags.BACKFILL: "abc"})

    run = pipeline.instance.get_run_by_id(by_hand.run_id)
    assert run is not None
    assert run.tags[tags.SOURCE] == source.source_id
    assert run.tags[tags.TRIGGER] == "manual"
    run = pipeline.instance.get_run_by_id(in_a_backfill.run_id)
    assert run is not None
    assert run.tags[tags.TRIGGER] == "backfill"


def test_a_run_meets_another_writer_and_says_who(pipeline: Pipeline):
    pipeline.register()
    with pipeline.stores.leases.hold("toy:team/notes", 60, "someone else"):
        result = pipeline.run()

    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "someone else holds the lease toy:team/notes" in str(failure.step_failure_data.error)


def test_the_retry_of_a_crashed_run_waits_for_the_dead_process_s_lease(pipeline: Pipeline):
    pipeline.register()
    pipeline.stores.leases.acquire("toy:team/notes", 0.1)

    result = pipeline.run(marks={tags.PARENT: "the run that crashed"})

    waits = [event for event in result.all_events if event.is_step_up_for_retry]
    assert [event.step_retry_data.seconds_to_wait for event in waits] == [1.0, 1.0]
