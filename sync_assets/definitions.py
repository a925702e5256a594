"""START HERE: what Dagster loads. Wiring only; `pipeline` holds the parts.

Definitions are explicit: Dagster's autoloading fails in an installed wheel.
"""

from collections.abc import Sequence

import dagster as dg

from sync_assets.connectors.base import Connector
from sync_assets.connectors.catalog import CONNECTORS
from sync_assets.pipeline.assets import connector_assets, maintenance_asset
from sync_assets.pipeline.checks import connector_checks
from sync_assets.pipeline.jobs import build_jobs
from sync_assets.pipeline.resources import StoresResource
from sync_assets.pipeline.schedules import build_schedules, due_sources
from sync_assets.pipeline.sensors import build_sensors
from sync_assets.pipeline.versions import code_versions
from sync_assets.pipeline.webhooks import PATIENCE_SECONDS
from sync_assets.settings import Settings, load_settings


@dg.definitions
def defs() -> dg.Definitions:
    """Every connector of the catalog."""
    return definitions_of(list(CONNECTORS.values()), load_settings(), patience=PATIENCE_SECONDS)


def definitions_of(
    connectors: Sequence[Connector], settings: Settings, *, patience: float = 0
) -> dg.Definitions:
    """These connectors, with all that follows from each. `patience`: seconds for which a tick of
    `webhook_inbox` waits for deliveries.
    """
    versions = code_versions(settings)
    jobs = build_jobs(connectors)
    return dg.Definitions(
        assets=[
            *(asset for each in connectors for asset in connector_assets(each, versions)),
            maintenance_asset(connectors),
        ],
        asset_checks=[check for each in connectors for check in connector_checks(each)],
        jobs=jobs.all(),
        schedules=build_schedules(connectors, jobs),
        sensors=[due_sources(connectors, jobs), *build_sensors(connectors, jobs, patience)],
        resources={"stores": StoresResource()},
        executor=dg.in_process_executor,
    )
