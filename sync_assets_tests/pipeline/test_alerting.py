from sync_assets.errors import SourceGone
from sync_assets.pipeline.outcome import record_outcome
from sync_assets_tests.pipeline.conftest import Pipeline


def told(pipeline: Pipeline) -> str:
    pipeline.clock.advance(60)
    return str(pipeline.tick("alerts").skip_reason)


def run(pipeline: Pipeline) -> None:
    result = pipeline.run()
    record_outcome(pipeline.stores, pipeline.instance, result.run_id)


def test_five_failed_runs_in_a_row_are_told_once_and_the_success_after_them(pipeline: Pipeline):
    source = pipeline.register()
    pipeline.world.outage = SourceGone("it was deleted")
    for _ in range(4):
        run(pipeline)
        assert "nothing to tell" in told(pipeline)
    run(pipeline)
    assert pipeline.stores.registry.get(source.source_id).status == "error"
    assert "1 messages" in told(pipeline)
    assert "nothing to tell" in told(pipeline)
    run(pipeline)
    assert "nothing to tell" in told(pipeline)

    pipeline.world.outage = None
    run(pipeline)
    pipeline.clock.advance(300)

    assert "1 messages" in told(pipeline)
    assert "nothing to tell" in told(pipeline)
