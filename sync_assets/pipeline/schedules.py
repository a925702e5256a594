"""What time starts: due sources, the nightly reconcile and audit, the index's maintenance.

Due sources are found by a sensor: a Dagster schedule launches one job only, and forgets its run
keys with the tick. All times are UTC.
"""

from collections.abc import Callable, Iterator, Sequence

import dagster as dg
from dagster import ScheduleEvaluationContext, SensorEvaluationContext

from sync_assets.connectors.base import Connector
from sync_assets.models import Source, digest
from sync_assets.pipeline import tags
from sync_assets.pipeline.jobs import Job, Jobs
from sync_assets.pipeline.keys import MAINTENANCE, index_key
from sync_assets.pipeline.launches import Launch, Launcher, busy_scopes, plan_each
from sync_assets.pipeline.missed import missed_deliveries
from sync_assets.pipeline.partitions import missing_partitions
from sync_assets.pipeline.resources import Provided
from sync_assets.sources import is_due, last_due

DUE_SECONDS = 15
NIGHT_HOURS = (1, 2, 3, 4)
MAINTENANCE_CRON = "*/5 * * * *"


def build_schedules(connectors: Sequence[Connector], jobs: Jobs) -> list[dg.ScheduleDefinition]:
    """All schedules."""
    return [
        *nightly_reconciles(connectors, jobs),
        *nightly_audits(connectors, jobs),
        index_maintenance(connectors, jobs),
        missed_deliveries(jobs.missed),
    ]


def due_sources(connectors: Sequence[Connector], jobs: Jobs) -> dg.SensorDefinition:
    """Launches each source when its own cron calls; see `sources.is_due`."""
    launcher = Launcher(connectors)

    @dg.sensor(
        name="due_sources",
        jobs=list(jobs.sync.values()),
        minimum_interval_seconds=DUE_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts every source whose cron says so. Paused sources, those in error, "
        "those with a run under way and those whose vendor asked us to wait are passed over.",
    )
    def evaluate(
        context: SensorEvaluationContext, stores: Provided
    ) -> dg.SensorResult | dg.SkipReason:
        with stores.open() as opened:
            now = opened.clock()
            busy = busy_scopes(context.instance)
            cursors = opened.cursors.all()

            def plan(source: Source) -> Launch | None:
                if source.scope in busy or not launcher.can_run(source):
                    return None
                if not is_due(source, now) or launcher.must_wait(source, cursors, now):
                    return None
                # Named after the cron's latest time, not the one missed: a run that was cancelled
                # before it started must not block the source for good.
                key = f"{source.source_id}:{last_due(source, now).isoformat()}"
                return Launch(source, "schedule", key)

            launches = plan_each(opened, opened.registry.all(), plan, context.log)
        return launcher.result(context.instance, launches)

    return evaluate


def nightly_reconciles(
    connectors: Sequence[Connector], jobs: Jobs
) -> Iterator[dg.ScheduleDefinition]:
    """A full sync of every active source: finds what no feed reports."""
    launcher = Launcher(connectors)

    def request(source: Source, night: str) -> dg.RunRequest:
        return launcher.request(
            Launch(source, "reconcile", f"{source.source_id}:reconcile:{night}", mode="full")
        )

    for connector in connectors:
        yield _nightly(
            connector,
            jobs.sync[connector.name],
            request,
            name=f"reconcile_{connector.name}",
            minute=0,
            description="A full sync of every active source, once a night.",
        )


def nightly_audits(connectors: Sequence[Connector], jobs: Jobs) -> Iterator[dg.ScheduleDefinition]:
    """The check `index_equals_source` of every active source."""

    def request(source: Source, night: str) -> dg.RunRequest:
        return dg.RunRequest(
            run_key=f"{source.source_id}:verify:{night}",
            partition_key=source.scope,
            tags=tags.run_tags("verify", source.source_id),
        )

    for connector in connectors:
        yield _nightly(
            connector,
            jobs.verify[connector.name],
            request,
            name=f"nightly_verify_{connector.name}",
            minute=30,
            description="Audits every active source against its index, once a night.",
        )


def _nightly(
    connector: Connector,
    job: Job,
    request: Callable[[Source, str], dg.RunRequest],
    *,
    name: str,
    minute: int,
    description: str,
) -> dg.ScheduleDefinition:
    launcher = Launcher([connector])

    @dg.schedule(
        name=name,
        cron_schedule=f"{minute} {NIGHT_HOURS[0]}-{NIGHT_HOURS[-1]} * * *",
        job=job,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=description,
    )
    def evaluate(
        context: ScheduleEvaluationContext, stores: Provided
    ) -> Sequence[dg.RunRequest] | dg.SkipReason:
        at = context.scheduled_execution_time
        with stores.open() as opened:
            cursors, now = opened.cursors.all(), opened.clock()
            sources = [
                source
                for source in opened.registry.all(connector.name, "active")
                if night_hour(source.source_id) == at.hour
                and launcher.can_run(source)
                and not launcher.must_wait(source, cursors, now)
            ]
        if not sources:
            return dg.SkipReason("No source has its turn in this hour.")
        for vendor, scopes in missing_partitions(context.instance, sources).items():
            context.instance.add_dynamic_partitions(f"{vendor}_sources", scopes)
        return [request(source, f"{at:%Y-%m-%d}") for source in sources]

    return evaluate


def night_hour(source_id: str) -> int:
    """The hour of the night that a source has, so that not all begin at once."""
    return NIGHT_HOURS[int(digest(source_id)[:8], 16) % len(NIGHT_HOURS)]


def index_maintenance(connectors: Sequence[Connector], jobs: Jobs) -> dg.ScheduleDefinition:
    """Maintains the index where something was synced since the last time."""
    indexes = [
        index_key(connector, stream) for connector in connectors for stream in connector.streams
    ]

    @dg.schedule(
        name="index_maintenance",
        cron_schedule=MAINTENANCE_CRON,
        job=jobs.maintenance,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Maintains the index when something was synced since the last time.",
    )
    def evaluate(context: ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        maintained = _last_written(context.instance, MAINTENANCE)
        written = max(_last_written(context.instance, key) for key in indexes)
        if written <= maintained:
            return dg.SkipReason("Nothing was synced since the last maintenance.")
        return dg.RunRequest(tags={tags.TRIGGER: "schedule", tags.PRIORITY: "-10"})

    return evaluate


def _last_written(instance: dg.DagsterInstance, key: dg.AssetKey) -> float:
    """Seconds since the epoch; 0 for never."""
    event = instance.get_latest_materialization_event(key)
    return 0.0 if event is None else event.timestamp
