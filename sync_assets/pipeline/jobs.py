"""The jobs: one sync and one audit a connector, registering and removing sources, maintenance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dagster as dg
from dagster import OpExecutionContext
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from sync_assets.connectors.base import Connector
from sync_assets.errors import LeaseHeld, RateLimited
from sync_assets.pipeline import tags
from sync_assets.pipeline.administration import (
    deploy_job,
    freshness_job,
    register_job,
    remove_job,
)
from sync_assets.pipeline.checks import AUDIT, audit_key
from sync_assets.pipeline.findings import equality
from sync_assets.pipeline.keys import MAINTENANCE, assets_of
from sync_assets.pipeline.missed import missed_job
from sync_assets.pipeline.orphans import claim
from sync_assets.pipeline.partitions import sources_partitions
from sync_assets.pipeline.renames import rename_job
from sync_assets.pipeline.resources import Provided
from sync_assets.sync.verify import verify_at_rest

Job = dg.JobDefinition | UnresolvedAssetJobDefinition


@dataclass(frozen=True, slots=True)
class Jobs:
    """All jobs; `sync` and `verify` by connector name."""

    sync: Mapping[str, Job]
    verify: Mapping[str, Job]
    register: Job
    remove: Job
    rename: Job
    maintenance: Job
    freshness: Job
    deploy: Job
    missed: dg.JobDefinition

    def all(self) -> list[Job]:
        """For `Definitions`."""
        return [
            *self.sync.values(),
            *self.verify.values(),
            self.register,
            self.remove,
            self.rename,
            self.maintenance,
            self.freshness,
            self.deploy,
            self.missed,
        ]


def build_jobs(connectors: Sequence[Connector]) -> Jobs:
    """The jobs for these connectors."""
    return Jobs(
        sync={connector.name: sync_job(connector) for connector in connectors},
        verify={connector.name: verify_job(connector) for connector in connectors},
        register=register_job(),
        remove=remove_job(connectors),
        rename=rename_job(connectors),
        freshness=freshness_job(connectors),
        deploy=deploy_job(),
        missed=missed_job(),
        maintenance=dg.define_asset_job(
            "maintain_index",
            dg.AssetSelection.assets(MAINTENANCE),
            description="Compacts the index, brings its indexes up to date, drops old versions.",
            tags={tags.LANE: "shared"},
        ),
    )


def sync_job(connector: Connector) -> Job:
    """All streams of one source, or of many as a backfill; the audit is never part of it."""
    keys = assets_of(connector, [stream.name for stream in connector.streams])
    audits = [audit_key(connector, stream) for stream in connector.streams]
    return dg.define_asset_job(
        f"sync_{connector.name}",
        dg.AssetSelection.assets(*keys) - dg.AssetSelection.checks(*audits),
        description=f"Brings one source of {connector.title} up to date. `mode`: incremental, or "
        "full to list everything anew.",
        tags={tags.LANE: "shared"},
    )


def verify_job(connector: Connector) -> Job:
    """An op, not a selection of checks: Dagster has no partitions for checks alone."""

    @dg.op(
        name=f"audit_{connector.name}",
        out=dg.Out(dg.Nothing),
        description="Compares every document and chunk with the live source.",
    )
    def audit(context: OpExecutionContext, stores: Provided) -> None:
        claim(context.instance, context.run_id)
        with stores.open() as opened:
            source = opened.registry.by_partition(connector.name, context.partition_key)
            for stream in connector.streams_of(source):
                show = stores.progress(context.log)
                try:
                    report = verify_at_rest(opened, source, connector, stream, progress=show)
                except (RateLimited, LeaseHeld) as later:  # the last answer stands until then
                    context.log.warning("%s", later)
                    continue
                equality(report).tell(context, audit_key(connector, stream), source.scope)

    @dg.job(
        name=f"verify_{connector.name}",
        partitions_def=sources_partitions(connector.name),
        description=f"Audits one source of {connector.title}: the check `{AUDIT}` of its streams.",
        tags={tags.LANE: "shared"},
    )
    def verify() -> None:
        audit()

    return verify
