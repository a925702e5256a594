"""What may wait is started as a batch: full syncs that were asked for, and what a new release, or
another model, would index otherwise.

A batch is runs of partitions with one tag `sync_assets/batch`, at the lowest priority of what
syncs by day; all of them bear the trigger `backfill`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import dagster as dg
from dagster import SensorEvaluationContext

from sync_assets.connectors.base import Connector
from sync_assets.control.cursors import Cursor
from sync_assets.control.registry import SyncRequest
from sync_assets.embedding.providers import fingerprint_of
from sync_assets.models import Source, digest
from sync_assets.pipeline.jobs import Jobs
from sync_assets.pipeline.launches import Launch, Launcher, additions
from sync_assets.pipeline.resources import Provided
from sync_assets.pipeline.versions import code_versions
from sync_assets.pipeline.yielding import is_left_over
from sync_assets.settings import Settings
from sync_assets.sync.listings import basis_of

REINDEX_SECONDS: Final = 30


def requested(
    requests: Iterable[SyncRequest], sources: Iterable[Source], now: datetime
) -> list[Launch]:
    """A run for each request. Full syncs, first ones too, and what was left over by a run that made
    way are one batch, named after `now`; only a sync of what changed is quick, and goes first.
    """
    by_id = {source.source_id: source for source in sources}
    batch = f"{now:%Y%m%dT%H%M%SZ}"  # no colon, so that it can be typed into the UI's filter

    def launch(source: Source, request: SyncRequest) -> Launch:
        if request.mode == "full" or is_left_over(request):
            return Launch(source, "backfill", request.run_key, mode=request.mode, batch=batch)
        return Launch(source, "request", request.run_key, mode=request.mode)

    return [
        launch(by_id[request.source_id], request)
        for request in requests
        if request.source_id in by_id
    ]


def reindex(connectors: Sequence[Connector], jobs: Jobs) -> dg.SensorDefinition:
    """One batch for each change of what chunks depend on; the sensor's cursor names the last.

    An incremental sync is enough: it lists everything where the basis of its stream is another, and
    indexes what other rules made. So would the next sync of each source do, whenever that is.
    """
    launcher = Launcher(connectors)

    @dg.sensor(
        name="reindex",
        jobs=list(jobs.sync.values()),
        minimum_interval_seconds=REINDEX_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Indexes every active source anew, as one batch behind the schedules, once the "
        "chunker, the rules of links or redaction, the model or the index's place are others.",
    )
    def evaluate(
        context: SensorEvaluationContext, stores: Provided
    ) -> dg.SensorResult | dg.SkipReason:
        with stores.open() as opened:
            settings = opened.settings
            batch = _name_of(settings)
            if context.cursor == batch:
                return dg.SkipReason("Nothing changed that chunks depend on.")
            active = opened.registry.all(status="active")
            runnable = [source for source in active if launcher.can_run(source)]
            indexed = _indexed_otherwise(runnable, opened.cursors.all(), settings)
            model = fingerprint_of(settings)
            stored = opened.reader.fingerprint() if indexed else None
        if stored not in {None, model}:
            return dg.SkipReason(
                f"The index holds vectors of {stored}, the model is {model}: switch back, or set"
                " SYNC_ASSETS_INDEX_URI to an empty place, and every source is indexed there."
            )
        launches = [
            Launch(source, "backfill", f"{source.source_id}:{batch}:{at}", batch=batch)
            for source in runnable
            if (at := indexed.get(source.source_id))
        ]
        return dg.SensorResult(
            run_requests=[launcher.request(launch) for launch in launches],
            dynamic_partitions_requests=additions(
                context.instance, [launch.source for launch in launches]
            ),
            cursor=batch,
        )

    return evaluate


def _name_of(settings: Settings) -> str:
    """Of the batch that brings every source to today's rules, model and index."""
    return f"reindex-{digest(code_versions(settings).index, settings.index_uri)[:8]}"


def _indexed_otherwise(
    sources: Iterable[Source], cursors: Iterable[Cursor], settings: Settings
) -> Mapping[str, str]:
    """When the sources were last indexed of which a stream was so on another basis than today's.
    It names the run, which thus is another one where somebody switches back.
    """
    fingerprint = fingerprint_of(settings)
    today = {each.source_id: basis_of(each, settings, fingerprint) for each in sources}
    found: dict[str, str] = {}
    for cursor in cursors:
        basis = today.get(cursor.source_id)
        if basis is None or cursor.indexed_at is None or cursor.basis == basis:
            continue
        at = cursor.indexed_at.isoformat()
        found[cursor.source_id] = max(at, found.get(cursor.source_id, at))
    return found
