"""A sync as a real Dagster run in this very process: what `sync-assets sync` does.

The run stands in the instance of the webserver and the daemon, whether they run or not.
"""

import uuid
from contextlib import suppress

import dagster as dg

from sync_assets.connectors.base import Connector
from sync_assets.connectors.catalog import connector_named
from sync_assets.errors import InvalidSettings, LeaseHeld
from sync_assets.models import SyncMode, SyncReport
from sync_assets.pipeline import tags
from sync_assets.pipeline.assets import connector_assets
from sync_assets.pipeline.checks import connector_checks
from sync_assets.pipeline.instance import open_instance
from sync_assets.pipeline.jobs import sync_job
from sync_assets.pipeline.keys import mode_config
from sync_assets.pipeline.orphans import end_orphans
from sync_assets.pipeline.outcome import record_outcome
from sync_assets.pipeline.partitions import sources_partitions
from sync_assets.pipeline.resources import GivenStores
from sync_assets.pipeline.versions import code_versions
from sync_assets.settings import Settings
from sync_assets.sync.progress import Progress, silent
from sync_assets.sync.upkeep import keep_up


def run_sync(
    settings: Settings, source_id: str, mode: SyncMode, progress: Progress = silent
) -> list[SyncReport]:
    """Sync one source now; a report for each of its streams.

    Raises what the sync raised (SourceError, LeaseHeld, ...), UnknownSource, and InvalidSettings
    for a source that is being removed; KeyboardInterrupt where it is interrupted, and the run is
    then cancelled. The run's outcome stands in the registry either way.
    """
    given = GivenStores(settings, progress)
    with given.open() as stores, open_instance(settings) as instance:
        source = stores.registry.get(source_id)
        if source.status == "removing":
            raise InvalidSettings(f"{source_id} is being removed: it is not synced any more")
        connector = connector_named(source.connector)
        end_orphans(instance)
        instance.add_dynamic_partitions(
            str(sources_partitions(connector.name).name), [source.scope]
        )
        run_id = str(uuid.uuid4())
        try:
            _job(connector, given).execute_in_process(
                instance=instance,
                run_id=run_id,
                partition_key=source.scope,
                tags={
                    **tags.run_tags("manual", source.source_id),
                    tags.MAX_RETRIES: "0",  # no daemon can repeat what it did not launch
                },
                run_config={
                    **mode_config(connector, mode),
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
            )
        except dg.DagsterExecutionInterruptedError:
            run = instance.get_run_by_id(run_id)
            if run is not None:
                instance.report_run_canceled(run, "Interrupted; the next sync continues from here.")
            raise KeyboardInterrupt from None
        finally:
            record_outcome(stores, instance, run_id)
        reports = given.reports(source_id)
        if any(report.index and report.index.chunks_written for report in reports):
            with suppress(LeaseHeld):  # no daemon may run, and searches are slow without upkeep
                keep_up(stores)
        return reports


def _job(connector: Connector, given: GivenStores) -> dg.JobDefinition:
    """The very job of the code location, on stores of our own."""
    return dg.Definitions(
        assets=connector_assets(connector, code_versions(given.settings)),
        asset_checks=connector_checks(connector),
        jobs=[sync_job(connector)],
        resources={"stores": given},
        executor=dg.in_process_executor,
    ).resolve_job_def(f"sync_{connector.name}")
