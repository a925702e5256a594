"""What events start: registrations, requests, removals, retries; and what runs leave behind."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import dagster as dg
from dagster import RunFailureSensorContext, RunStatusSensorContext, SensorEvaluationContext

from sync_assets.connectors.base import Connector
from sync_assets.control.registry import SyncRequest
from sync_assets.models import Source
from sync_assets.pipeline import tags
from sync_assets.pipeline.administration import freshness_request, removal_request
from sync_assets.pipeline.alerting import alerts
from sync_assets.pipeline.backfills import reindex, requested
from sync_assets.pipeline.findings import fresh_against_cron
from sync_assets.pipeline.jobs import Jobs
from sync_assets.pipeline.launches import (
    Launch,
    Launcher,
    additions,
    busy_scopes,
    launched_keys,
    plan_each,
)
from sync_assets.pipeline.orphans import end_orphans
from sync_assets.pipeline.outcome import record_outcome
from sync_assets.pipeline.partitions import obsolete_partitions, sources_partitions
from sync_assets.pipeline.resources import Provided
from sync_assets.pipeline.webhooks import webhook_inbox
from sync_assets.pipeline.yielding import goes_first, is_left_over
from sync_assets.stores import Stores

SECONDS: Final = 5
"""The daemon's own shortest pace."""

PROMISING: Final = frozenset({"active", "error"})
"""Paused and leaving sources promise no freshness."""

RUNNING: Final = dg.DefaultSensorStatus.RUNNING


def build_sensors(
    connectors: Sequence[Connector], jobs: Jobs, patience: float = 0
) -> list[dg.SensorDefinition]:
    """All but `due_sources`, which is with the schedules. `patience` is that of `webhook_inbox`."""
    return [
        registry_sync(connectors, jobs),
        webhook_inbox(connectors, jobs, patience),
        retry_failures(connectors, jobs),
        reindex(connectors, jobs),
        freshness(connectors, jobs),
        run_succeeded(),
        run_failed(),
        alerts(),
    ]


def registry_sync(connectors: Sequence[Connector], jobs: Jobs) -> dg.SensorDefinition:
    """The registry's wishes: partitions as it has sources, a run for each request, and purges."""
    launcher = Launcher(connectors)

    @dg.sensor(
        name="registry_sync",
        jobs=[*jobs.sync.values(), jobs.remove],
        minimum_interval_seconds=SECONDS,
        default_status=RUNNING,
        description="Adds and removes partitions as sources come and go, starts the syncs that "
        "were asked for (the first full one too), and purges sources that are being removed.",
    )
    def evaluate(context: SensorEvaluationContext, stores: Provided) -> dg.SensorResult:
        instance = context.instance
        end_orphans(instance)
        with stores.open() as opened:
            sources = opened.registry.all()
            runnable = [source for source in sources if launcher.can_run(source)]
            requests = [
                request
                for request in _open_requests(opened, instance)
                if not is_left_over(request) or not _is_overtaken(opened, launcher, request)
            ]
            now = opened.clock()
        removals = [_removal(source, now) for source in sources if source.status == "removing"]
        obsolete = [
            sources_partitions(connector).build_delete_request(scopes)
            for connector, scopes in obsolete_partitions(instance, connectors, sources).items()
        ]
        return dg.SensorResult(
            run_requests=[*map(launcher.request, requested(requests, runnable, now)), *removals],
            dynamic_partitions_requests=[*additions(instance, runnable), *obsolete],
        )

    return evaluate


def _open_requests(stores: Stores, instance: dg.DagsterInstance) -> list[SyncRequest]:
    """Requests that are no run yet. Those that became one, of whichever tick, are marked now: a
    tick that dies between asking for a run and saying so loses nothing.
    """
    pending = stores.registry.pending_requests()
    launched = launched_keys(instance, [request.run_key for request in pending])
    for request in pending:
        if request.run_key in launched:
            stores.registry.mark_launched(request.request_id)
    return [request for request in pending if request.run_key not in launched]


def _is_overtaken(stores: Stores, launcher: Launcher, request: SyncRequest) -> bool:
    """Whether a webhook's run of the source is to come first."""
    source = stores.registry.get(request.source_id)
    return launcher.can_run(source) and goes_first(stores, source, launcher.streams_of(source))


def _removal(source: Source, now: datetime) -> dg.RunRequest:
    """Asked for anew every hour, for a purge may fail."""
    return removal_request(source.source_id, f"{source.source_id}:remove:{now:%Y-%m-%dT%H}")


def retry_failures(connectors: Sequence[Connector], jobs: Jobs) -> dg.SensorDefinition:
    """What waited, and whose time has come: failed documents, streams that a vendor limited, and
    sources whose last run failed. One incremental sync of the source takes up all of it.
    """
    launcher = Launcher(connectors)

    @dg.sensor(
        name="retry_failures",
        jobs=list(jobs.sync.values()),
        minimum_interval_seconds=SECONDS,
        default_status=RUNNING,
        description="Tries again what waited until now: failed documents, streams whose vendor "
        "asked us to wait, sources whose last run failed.",
    )
    def evaluate(
        context: SensorEvaluationContext, stores: Provided
    ) -> dg.SensorResult | dg.SkipReason:
        with stores.open() as opened:
            due, cursors, now = _due(opened), opened.cursors.all(), opened.clock()
            busy = busy_scopes(context.instance)

            def plan(source: Source) -> Launch | None:
                at = due.get(source.source_id)
                if at is None or source.scope in busy or not launcher.can_run(source):
                    return None
                if launcher.must_wait(source, cursors, now):
                    return None
                return Launch(source, "retry", f"{source.source_id}:retry:{at.isoformat()}")

            launches = plan_each(opened, opened.registry.all(), plan, context.log)
        return launcher.result(context.instance, launches)

    return evaluate


def _due(stores: Stores) -> dict[str, datetime]:
    """When the last of what is to be tried again came due, by source. It names the run: new when
    more comes due, and a run that failed is not asked for twice.
    """
    now = stores.clock()
    times = [(each.source_id, each.next_try_at) for each in stores.failures.due(now)]
    times += [
        (cursor.source_id, cursor.deferred_until)
        for cursor in stores.cursors.all()
        if cursor.deferred_until is not None and cursor.deferred_until <= now
    ]
    times += [
        (each.source_id, each.next_try_at)
        for each in stores.registry.due_for_retry(now)
        if each.next_try_at is not None
    ]
    due: dict[str, datetime] = {}
    for source_id, at in times:
        due[source_id] = max(at, due.get(source_id, at))
    # After a failed run nothing of the source is tried before the source itself.
    ready = {
        each.source_id
        for each in stores.registry.all()
        if each.status in PROMISING and (each.next_try_at or now) <= now
    }
    return {source_id: at for source_id, at in due.items() if source_id in ready}


def freshness(connectors: Sequence[Connector], jobs: Jobs) -> dg.SensorDefinition:
    """`fresh_against_cron`, told whenever it changes.

    By a run: a partitioned evaluation without one is refused by the storage the second time.
    """

    @dg.sensor(
        name="freshness",
        job=jobs.freshness,
        minimum_interval_seconds=60,
        default_status=RUNNING,
        description="Has the check `fresh_against_cron` told where its answer changed.",
    )
    def evaluate(
        context: SensorEvaluationContext, stores: Provided
    ) -> dg.SensorResult | dg.SkipReason:
        before: dict[str, bool] = json.loads(context.cursor or "{}")
        with stores.open() as opened:
            now = opened.clock()
            after = {
                source.source_id: all(
                    fresh_against_cron(opened, source, stream).passed
                    for stream in connector.streams_of(source)
                )
                for connector in connectors
                for source in opened.registry.all(connector.name)
                if source.status in PROMISING
            }
        changed = [name for name, fresh in after.items() if fresh != before.get(name, True)]
        if not changed:
            return dg.SkipReason("No answer changed.")
        request = freshness_request(changed, f"freshness:{now.isoformat()}")
        return dg.SensorResult(run_requests=[request], cursor=json.dumps(after))

    return evaluate


def run_succeeded() -> dg.SensorDefinition:
    """Into the registry: a run that ended well."""

    @dg.run_status_sensor(
        name="run_succeeded",
        run_status=dg.DagsterRunStatus.SUCCESS,
        minimum_interval_seconds=SECONDS,
        default_status=RUNNING,
        description="Writes a successful sync to the registry: the count of failures starts anew.",
    )
    def succeeded(context: RunStatusSensorContext, stores: Provided) -> None:
        with stores.open() as opened:
            record_outcome(opened, context.instance, context.dagster_run.run_id)

    return succeeded


def run_failed() -> dg.SensorDefinition:
    """Into the registry: a run that failed, and will not be retried."""

    @dg.run_failure_sensor(
        name="run_failed",
        minimum_interval_seconds=SECONDS,
        default_status=RUNNING,
        description="Writes a failed sync to the registry, and to the log; after five in a row "
        "the source is in `error`. A run that is going to be retried is not counted.",
    )
    def failed(context: RunFailureSensorContext, stores: Provided) -> None:
        run = context.dagster_run
        context.log.error("%s of %s failed", run.job_name, run.tags.get(tags.SOURCE, "no source"))
        with stores.open() as opened:
            record_outcome(opened, context.instance, run.run_id)

    return failed
