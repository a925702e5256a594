"""The jobs: one sync and one audit a connector, registering and removing sources, maintenance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster import OpExecutionContext
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from pydantic import Field

from sync_assets.connectors.base import Connector
from sync_assets.pipeline import tags
from sync_assets.pipeline.assets import MAINTENANCE, index_key, stage_keys
from sync_assets.pipeline.checks import AUDIT, audit_key, fresh_key
from sync_assets.pipeline.findings import equality, fresh_against_cron
from sync_assets.pipeline.partitions import sources_partitions
from sync_assets.pipeline.resources import Provided
from sync_assets.sources import register
from sync_assets.sync.removal import remove_source
from sync_assets.sync.verify import verify_stream

Job = dg.JobDefinition | UnresolvedAssetJobDefinition


FRESHNESS_OP = "tell_freshness"
REMOVE_OP = "purge_source"


@dataclass(frozen=True, slots=True)
class Jobs:
    """All jobs; `sync` and `verify` by connector name."""

    sync: Mapping[str, Job]
    verify: Mapping[str, Job]
    register: Job
    remove: Job
    maintenance: Job
    freshness: Job

    def all(self) -> list[Job]:
        """For `Definitions`."""
        return [
            *self.sync.values(),
            *self.verify.values(),
            self.register,
            self.remove,
            self.maintenance,
            self.freshness,
        ]


def build_jobs(connectors: Sequence[Connector]) -> Jobs:
    """The jobs for these connectors."""
    return Jobs(
        sync={connector.name: sync_job(connector) for connector in connectors},
        verify={connector.name: verify_job(connector) for connector in connectors},
        register=register_job(),
        remove=remove_job(connectors),
        freshness=freshness_job(connectors),
        maintenance=dg.define_asset_job(
            "maintain_index",
            dg.AssetSelection.assets(MAINTENANCE),
            description="Compacts the index, brings its indexes up to date, drops old versions.",
        ),
    )


def sync_job(connector: Connector) -> Job:
    """All streams of one source, or of many as a backfill; the audit is never part of it."""
    keys = [
        key
        for stream in connector.streams
        for key in [*stage_keys(connector, stream), index_key(connector, stream)]
    ]
    audits = [audit_key(connector, stream) for stream in connector.streams]
    return dg.define_asset_job(
        f"sync_{connector.name}",
        dg.AssetSelection.assets(*keys) - dg.AssetSelection.checks(*audits),
        description=f"Brings one source of {connector.title} up to date. `mode`: incremental, or "
        "full to list everything anew.",
    )


def verify_job(connector: Connector) -> Job:
    """An op, not a selection of checks: Dagster has no partitions for checks alone."""

    @dg.op(
        name=f"audit_{connector.name}",
        out=dg.Out(dg.Nothing),
        description="Compares every document and chunk with the live source.",
    )
    def audit(context: OpExecutionContext, stores: Provided) -> None:
        with stores.open() as opened:
            source = opened.registry.by_partition(connector.name, context.partition_key)
            for stream in connector.streams:
                show = stores.progress(context.log)
                report = verify_stream(opened, source, connector, stream, progress=show)
                found = equality(report)
                _tell(context, found.evaluation(audit_key(connector, stream), source.scope))

    @dg.job(
        name=f"verify_{connector.name}",
        partitions_def=sources_partitions(connector.name),
        description=f"Audits one source of {connector.title}: the check `{AUDIT}` of its streams.",
    )
    def verify() -> None:
        audit()

    return verify


class Overdue(dg.Config):
    """Sources whose freshness changed."""

    source_ids: list[str]


def freshness_job(connectors: Sequence[Connector]) -> Job:
    """An overdue source has no sync that could tell of it."""

    @dg.op(
        name=FRESHNESS_OP,
        out=dg.Out(dg.Nothing),
        description="Evaluates `fresh_against_cron` of the sources it is given.",
    )
    def tell(context: OpExecutionContext, config: Overdue, stores: Provided) -> None:
        with stores.open() as opened:
            for connector in connectors:
                for source in opened.registry.all(connector.name):
                    if source.source_id not in config.source_ids:
                        continue
                    for stream in connector.streams:
                        found = fresh_against_cron(opened, source, stream)
                        key = fresh_key(connector, stream)
                        _tell(context, found.evaluation(key, source.scope))

    @dg.job(
        name="report_freshness",
        description="Tells the check `fresh_against_cron` where its answer changed.",
    )
    def report() -> None:
        tell()

    return report


def freshness_request(source_ids: Sequence[str], run_key: str) -> dg.RunRequest:
    """A run of `report_freshness`."""
    return dg.RunRequest(
        run_key=run_key,
        job_name="report_freshness",
        tags={tags.TRIGGER: "verify", tags.PRIORITY: str(tags.PRIORITIES["verify"])},
        run_config={"ops": {FRESHNESS_OP: {"config": {"source_ids": list(source_ids)}}}},
    )


def _tell(context: OpExecutionContext, evaluation: dg.AssetCheckEvaluation) -> None:
    context.log_event(evaluation)  # pyright: ignore[reportArgumentType] - its type leaves these out


class Registration(dg.Config):
    """A source to be registered."""

    connector: str
    scope: str
    settings: dict[str, Any] = Field(default_factory=dict)
    cron: str | None = None


def register_job() -> Job:
    """Registering from the UI's launchpad."""

    @dg.op(out=dg.Out(dg.Nothing), description="Checks the source and writes it to the registry.")
    def register_one(context: OpExecutionContext, config: Registration, stores: Provided) -> None:
        with stores.open() as opened:
            source = register(
                opened.registry,
                config.connector,
                config.scope,
                config.settings,
                config.cron,
                by=f"Dagster run {context.run_id}",
            )
        context.log.info("%s is registered; its first full sync follows", source.source_id)

    @dg.job(
        name="register_source",
        description="Registers a source; `registry_sync` adds its partition and starts the first "
        "full sync.",
    )
    def register_source() -> None:
        register_one()

    return register_source


class Removal(dg.Config):
    """A source to be purged."""

    source_id: str


def remove_job(connectors: Sequence[Connector]) -> Job:
    """The end of a source whose status is `removing`."""
    known = {connector.name: connector for connector in connectors}

    @dg.op(
        name=REMOVE_OP,
        out=dg.Out(dg.Nothing),
        description="Deletes the source's rows of the index, then the source, then its partition.",
    )
    def purge(context: OpExecutionContext, config: Removal, stores: Provided) -> None:
        with stores.open() as opened:
            source = opened.registry.get(config.source_id)
            if source.status != "removing":
                raise dg.Failure(
                    f"{source.source_id} is {source.status}: remove it with `sync-assets sources "
                    f"remove {source.source_id}`, which starts this job",
                    allow_retries=False,
                )
            remove_source(opened, source, known[source.connector])
        context.instance.delete_dynamic_partition(f"{source.connector}_sources", source.scope)

    @dg.job(name="remove_source", description="Purges a source that is being removed.")
    def remove() -> None:
        purge()

    return remove


def removal_request(source_id: str, run_key: str) -> dg.RunRequest:
    """A run of `remove_source`."""
    return dg.RunRequest(
        run_key=run_key,
        job_name="remove_source",
        tags=tags.run_tags("remove", source_id),
        run_config={"ops": {REMOVE_OP: {"config": {"source_id": source_id}}}},
    )
