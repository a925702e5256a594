import dagster as dg
import lancedb

from sync_assets.pipeline.checks import CHEAP, NO_SECRETS
from sync_assets.pipeline.findings import fresh_against_cron, no_secrets
from sync_assets_tests.pipeline.conftest import QUIET, Pipeline
from sync_assets_tests.pipeline.deliveries import deliver
from sync_assets_tests.toy import NOTES


def checks(pipeline: Pipeline) -> dict[str, dg.AssetCheckEvaluation]:
    """Of a full sync."""
    config = {"ops": {"toy__notes": {"config": {"mode": "full"}}}}
    result = pipeline.run(config=config)
    assert result.success
    return {each.check_name: each for each in result.get_asset_check_evaluations()}


def audit(pipeline: Pipeline) -> dg.AssetCheckEvaluation:
    result = pipeline.run("verify_toy")
    assert result.success
    (found,) = result.get_asset_check_evaluations()
    return found


def test_a_large_delete_is_held_and_the_check_says_how_to_decide(pipeline: Pipeline):
    pipeline.register()
    pipeline.run()
    pipeline.world.notes = {}

    held = checks(pipeline)["deletes_approved"]

    assert not held.passed
    assert "2 of 2 documents" in (held.description or "")
    assert "sync-assets approve" in (held.description or "")
    assert held.metadata["held"].value == 2


def test_checks_of_an_unchanged_source_have_passed_and_were_not_skipped(pipeline: Pipeline):
    pipeline.register()
    pipeline.run()

    result = pipeline.run()

    told = result.get_asset_check_evaluations()
    assert {each.check_name for each in told} == {*CHEAP, NO_SECRETS}
    storage = pipeline.instance.event_log_storage
    for each in told:
        (record,) = storage.get_asset_check_execution_history(each.asset_check_key, limit=1)
        assert (record.run_id, record.status.value) == (result.run_id, "SUCCEEDED")
        assert record.partition == "team"


def test_documents_of_older_redaction_rules_fail_no_secrets(pipeline: Pipeline):
    pipeline.register()
    assert checks(pipeline)["no_secrets"].passed
    database = lancedb.connect(pipeline.given.settings.index_uri)
    database.open_table("documents").update(where="key = 'one'", values={"redaction": 0})
    source = pipeline.stores.registry.get("toy:team")

    found = no_secrets(pipeline.stores, source, NOTES)

    assert not found.passed
    assert found.metadata["redacted_by_older_rules"].value == 1


def test_a_webhook_that_waits_longer_than_a_schedule_would_fails_the_check_of_freshness(
    pipeline: Pipeline,
):
    source, stores = pipeline.register(), pipeline.stores
    deliver(pipeline, source, "a", ["notes"])
    deliver(pipeline, source, "b", ["another stream"])
    at = pipeline.clock()
    pipeline.clock.advance(1801)  # two periods
    stores.cursors.set_verified(source.source_id, "notes", pipeline.clock())

    late = fresh_against_cron(stores, source, NOTES)
    stores.inbox.end([1], "ignored", "it is read")

    assert not late.passed
    assert late.description == f"A webhook of {at:%Y-%m-%d %H:%M} UTC waits to be brought in"
    assert fresh_against_cron(stores, source, NOTES).passed


def test_the_audit_passes_on_an_equal_index_and_names_what_differs(pipeline: Pipeline):
    pipeline.register()
    pipeline.run()
    equal = audit(pipeline)
    database = lancedb.connect(pipeline.given.settings.index_uri)
    database.open_table("chunks").delete("title = 'one'")

    differs = audit(pipeline)

    assert equal.passed
    assert equal.partition == differs.partition == "team"
    assert equal.asset_key == dg.AssetKey(["search_index", "toy_notes"])
    assert not differs.passed
    assert "missing_chunk" in (differs.description or "")
    assert "| one |" in str(differs.metadata["differences_table"].value)


def test_the_audit_stays_out_of_a_sync_even_where_the_ui_selects_it(pipeline: Pipeline):
    pipeline.register()
    everything = pipeline.defs.resolve_implicit_global_asset_job_def()

    result = everything.execute_in_process(
        instance=pipeline.instance,
        partition_key="team",
        resources={"stores": pipeline.given},
        run_config=QUIET,
    )

    assert result.success
    names = {each.check_name for each in result.get_asset_check_evaluations()}
    assert "index_equals_source" not in names
    assert "no_failures" in names
