"""From "this source wants a run" to run requests that cannot fail a tick."""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import dagster as dg

from sync_assets.connectors.base import Connector
from sync_assets.control.cursors import Cursor
from sync_assets.models import Source, SyncMode
from sync_assets.pipeline import renames, tags
from sync_assets.pipeline.keys import assets_of, mode_config
from sync_assets.pipeline.partitions import (
    can_be_partition,
    missing_partitions,
    sources_partitions,
)
from sync_assets.stores import Stores


@dataclass(frozen=True, slots=True)
class Launch:
    """A run that a source wants: a sync of these `streams` or of all, or where `renames`, a look at
    its name. Dagster launches a `run_key` once, for ever. `batch` names a backfill's runs.
    A run that is not `quick` takes no slot that is kept for webhooks.
    """

    source: Source
    trigger: tags.Trigger
    run_key: str
    mode: SyncMode = "incremental"
    streams: Collection[str] = ()
    renames: bool = False
    batch: str = ""
    quick: bool = True


class Launcher:
    """Turns launches into run requests, for the connectors we know."""

    def __init__(self, connectors: Iterable[Connector]) -> None:
        self._connectors = {connector.name: connector for connector in connectors}

    def can_run(self, source: Source) -> bool:
        """Whether a run of the source can be asked for: one bad row must not fail a tick."""
        return source.connector in self._connectors and can_be_partition(source.scope)

    def streams_of(self, source: Source) -> frozenset[str]:
        """The names of the streams that the source has."""
        return frozenset(
            each.name for each in self._connectors[source.connector].streams_of(source)
        )

    def must_wait(self, source: Source, cursors: Iterable[Cursor], now: datetime) -> bool:
        """Whether the vendor asked us to leave all of the source's streams alone for longer."""
        waiting = {
            cursor.stream
            for cursor in cursors
            if cursor.source_id == source.source_id
            and cursor.deferred_until is not None
            and cursor.deferred_until > now
        }
        return self.streams_of(source) <= waiting

    def request(self, launch: Launch) -> dg.RunRequest:
        """A run of the source's sync job, or of the one that renames it."""
        if launch.renames:
            return dg.RunRequest(
                run_key=launch.run_key,
                job_name=renames.JOB,
                tags=tags.run_tags(launch.trigger, launch.source.source_id),
                run_config=renames.config(launch.source.source_id),
            )
        connector = self._connectors[launch.source.connector]
        streams = launch.streams
        return dg.RunRequest(
            run_key=launch.run_key,
            job_name=f"sync_{connector.name}",
            partition_key=launch.source.scope,
            tags=tags.run_tags(
                launch.trigger, launch.source.source_id, launch.batch, quick=launch.quick
            ),
            run_config=mode_config(connector, launch.mode, streams),
            asset_selection=assets_of(connector, streams) if streams else None,
        )

    def result(
        self, instance: dg.DagsterInstance, launches: Sequence[Launch]
    ) -> dg.SensorResult | dg.SkipReason:
        """The answer of a sensor: partitions that are missing are added in the same tick."""
        if not launches:
            return dg.SkipReason("No source is to be launched.")
        return dg.SensorResult(
            run_requests=[self.request(launch) for launch in launches],
            dynamic_partitions_requests=additions(instance, [launch.source for launch in launches]),
        )


def additions(
    instance: dg.DagsterInstance, sources: Iterable[Source]
) -> list[dg.AddDynamicPartitionsRequest]:
    """Requests that add the partitions which these sources lack."""
    return [
        sources_partitions(connector).build_add_request(scopes)
        for connector, scopes in missing_partitions(instance, sources).items()
    ]


def busy_scopes(
    instance: dg.DagsterInstance, states: Sequence[dg.DagsterRunStatus] = tags.UNFINISHED
) -> set[str]:
    """The scopes with a run that is queued or running, whoever asked for it. Two connectors with
    a scope in common wait for each other, as they do in the run queue.
    """
    runs = instance.get_runs(dg.RunsFilter(statuses=[*states]))
    return {run.tags[tags.PARTITION] for run in runs if tags.PARTITION in run.tags}


def launched_keys(instance: dg.DagsterInstance, run_keys: Sequence[str]) -> set[str]:
    """Which of these run keys became a run."""
    if not run_keys:
        return set()
    runs = instance.get_runs(dg.RunsFilter(tags={tags.RUN_KEY: list(run_keys)}))
    return {run.tags[tags.RUN_KEY] for run in runs}


def plan_each(
    stores: Stores,
    sources: Iterable[Source],
    plan: Callable[[Source], Launch | None],
    log: logging.Logger,
) -> list[Launch]:
    """What `plan` wants for each source. One that cannot be planned is left out, and the failure
    counted: after five it is in `error`, where people look.
    """
    launches: list[Launch] = []
    for source in sources:
        try:
            launch = plan(source)
        except Exception as error:
            log.exception("%s cannot be scheduled", source.source_id)
            message = f"It cannot be scheduled: {error}"
            stores.registry.record_failure(source.source_id, message, again=False)
            continue
        if launch is not None:
            launches.append(launch)
    return launches
