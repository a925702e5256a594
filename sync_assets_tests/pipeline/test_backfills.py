"""What may wait is one batch behind all else."""

from dataclasses import replace
from pathlib import Path

import dagster as dg
import lancedb
import pytest
from sqlalchemy import update

from sync_assets.control.schema import cursors
from sync_assets.pipeline import tags
from sync_assets.pipeline.resources import GivenStores
from sync_assets.sync.indexing import INDEXED_BY
from sync_assets_tests.pipeline.conftest import Pipeline

SCOPES = ("one", "two", "three")


def priority(request: dg.RunRequest) -> int:
    return int(request.tags[tags.PRIORITY])


def asked(pipeline: Pipeline, sensor: str, cursor: str | None = None) -> list[dg.RunRequest]:
    return list(pipeline.tick(sensor, cursor=cursor).run_requests or ())


def batches(pipeline: Pipeline) -> dict[str, list[str]]:
    """The partitions of each batch, by what one filter in the UI shows."""
    found: dict[str, list[str]] = {}
    for run in pipeline.instance.get_runs(dg.RunsFilter(tags={tags.TRIGGER: "backfill"})):
        found.setdefault(run.tags[tags.BATCH], []).append(run.tags[tags.PARTITION])
    return {batch: sorted(scopes) for batch, scopes in found.items()}


def with_settings(pipeline: Pipeline, **changed: object) -> Pipeline:
    """The same, started again with other settings."""
    settings = pipeline.given.settings.model_copy(update=changed)
    return replace(pipeline, given=GivenStores(settings, clock=pipeline.clock))


def indexed_by_an_earlier_release(pipeline: Pipeline) -> None:
    """What chunks and cursors say where an earlier chunker made them."""
    index = lancedb.connect(pipeline.given.settings.index_uri)
    index.open_table("chunks").update(values={"chunker": 1})
    with pipeline.stores.database.write() as connection:
        connection.execute(update(cursors).values(basis="1:earlier rules"))


def chunkers(pipeline: Pipeline) -> set[int]:
    """Which made the chunks of all sources."""
    reader = pipeline.stores.reader
    stored = [reader.chunks_stored(f"toy:{scope}", "notes") for scope in SCOPES]
    return {row.chunker for rows in stored for row in rows.values()}


@pytest.fixture
def synced(pipeline: Pipeline) -> Pipeline:
    for scope in SCOPES:
        pipeline.register(scope)
        assert pipeline.run(scope=scope).success
    return pipeline


def test_sources_that_are_registered_together_are_one_batch_behind_schedules(pipeline: Pipeline):
    for scope in SCOPES:
        source = pipeline.register(scope)
        pipeline.stores.registry.request_sync(source.source_id, "full", "test")

    requests = asked(pipeline, "registry_sync")
    results = pipeline.launch(requests)

    assert all(result.success for result in results)
    assert list(batches(pipeline).values()) == [sorted(SCOPES)]
    assert {priority(request) for request in requests} == {tags.PRIORITIES["backfill"]}
    assert tags.PRIORITIES["backfill"] < tags.PRIORITIES["schedule"]


def test_full_syncs_that_are_asked_for_later_are_a_batch_of_their_own(pipeline: Pipeline):
    source = pipeline.register()
    for _ in range(2):
        pipeline.stores.registry.request_sync(source.source_id, "full", "an operator")
        pipeline.launch(asked(pipeline, "registry_sync"))
        pipeline.clock.advance(5)

    assert list(batches(pipeline).values()) == [["team"], ["team"]]


def test_an_operator_s_sync_of_what_changed_waits_for_no_backfill(pipeline: Pipeline):
    source = pipeline.register()
    for mode in ("full", "incremental"):
        pipeline.stores.registry.request_sync(source.source_id, mode, "an operator")

    full, quick = asked(pipeline, "registry_sync")

    assert (full.tags[tags.TRIGGER], quick.tags[tags.TRIGGER]) == ("backfill", "request")
    assert priority(full) < tags.PRIORITIES["schedule"] < priority(quick)
    assert tags.BATCH not in quick.tags


def test_other_rules_index_every_source_anew_as_one_batch_and_once(synced: Pipeline):
    indexed_by_an_earlier_release(synced)
    synced.stores.registry.pause("toy:three")

    answer = synced.tick("reindex")
    requests = list(answer.run_requests or ())
    lost = asked(synced, "reindex")  # the daemon died before it kept the cursor
    results = synced.launch(requests)

    assert [result.success for result in results] == [True, True]
    (batch,) = batches(synced)
    assert batches(synced) == {batch: ["one", "two"]}
    assert {priority(request) for request in requests} == {tags.PRIORITIES["backfill"]}
    assert not synced.launch(lost)
    assert answer.cursor == batch
    indexed_by_an_earlier_release(synced)
    assert not asked(synced, "reindex", answer.cursor)


def test_a_batch_leaves_nothing_that_is_indexed_by_other_rules(synced: Pipeline):
    indexed_by_an_earlier_release(synced)
    before = len(synced.world.fetched)
    assert chunkers(synced) == {1}

    synced.launch(asked(synced, "reindex"))

    assert chunkers(synced) == {INDEXED_BY}
    assert len(synced.world.fetched) == before
    assert not asked(synced, "reindex")  # whatever the sensor forgot


def test_where_the_rules_are_those_of_before_nothing_is_started(synced: Pipeline):
    synced.register("not synced yet")

    answer = synced.tick("reindex")

    assert not answer.run_requests
    assert answer.cursor


def test_another_model_waits_for_another_index_and_fills_it_as_a_batch(
    synced: Pipeline, tmp_path: Path
):
    cursor = synced.tick("reindex").cursor

    refused = with_settings(synced, embedder="openai").tick("reindex", cursor=cursor)
    moved = with_settings(synced, embedder="openai", index_uri=str(tmp_path / "elsewhere"))
    requests = asked(moved, "reindex", cursor)

    assert not refused.run_requests
    assert refused.cursor is None  # it looks again
    assert "SYNC_ASSETS_INDEX_URI" in str(refused.skip_reason)
    assert sorted(str(request.partition_key) for request in requests) == sorted(SCOPES)
    assert len({request.tags[tags.BATCH] for request in requests}) == 1


def test_an_index_that_moved_there_and_back_is_filled_each_time(synced: Pipeline, tmp_path: Path):
    there = with_settings(synced, index_uri=str(tmp_path / "there"))
    counts: list[int] = []
    cursor = synced.tick("reindex").cursor
    for place in (there, synced, there):
        place.clock.advance(60)
        answer = place.tick("reindex", cursor=cursor)
        cursor = answer.cursor
        counts.append(len(place.launch(answer.run_requests)))

    assert counts == [3, 3, 3]
    with there.given.open() as stores:
        assert len(stores.reader.chunks_stored("toy:one", "notes")) == 2
