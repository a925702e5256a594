"""The jobs about sources: registering, purging, telling which are overdue."""

from collections.abc import Sequence
from typing import Any

import dagster as dg
from dagster import OpExecutionContext
from pydantic import Field

from sync_assets.connectors.base import Connector
from sync_assets.pipeline import tags
from sync_assets.pipeline.checks import fresh_key
from sync_assets.pipeline.findings import fresh_against_cron
from sync_assets.pipeline.orphans import claim
from sync_assets.pipeline.resources import Provided
from sync_assets.sources import register
from sync_assets.sync.removal import remove_source

FRESHNESS_OP = "tell_freshness"
REMOVE_OP = "purge_source"
DEPLOY_OP = "deploy"


class Registration(dg.Config):
    """A source to be registered."""

    connector: str
    scope: str
    settings: dict[str, Any] = Field(default_factory=dict)
    cron: str | None = None


def register_job() -> dg.JobDefinition:
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
                settings=opened.settings,
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


def remove_job(connectors: Sequence[Connector]) -> dg.JobDefinition:
    """The end of a source whose status is `removing`."""
    known = {connector.name: connector for connector in connectors}

    @dg.op(
        name=REMOVE_OP,
        out=dg.Out(dg.Nothing),
        description="Deletes the source's rows of the index, then the source, then its partition.",
    )
    def purge(context: OpExecutionContext, config: Removal, stores: Provided) -> None:
        claim(context.instance, context.run_id)
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


class DeploymentTrigger(dg.Config):
    """A deployment to be started; `by` is who wants it."""

    source_id: str
    by: str
    build_cache: bool = True


def deploy_job() -> dg.JobDefinition:
    """A deploy hook, called from the UI's launchpad."""

    @dg.op(
        name=DEPLOY_OP,
        out=dg.Out(dg.Nothing),
        description="Calls the deploy hook of a Vercel source and follows the deployment to its "
        "end. The run's config says who wanted it.",
    )
    def deploy(context: OpExecutionContext, config: DeploymentTrigger, stores: Provided) -> None:
        from sync_assets.deployments import trigger_deployment

        context.instance.add_run_tags(
            context.run_id, {tags.SOURCE: config.source_id, tags.TRIGGERED_BY: config.by}
        )
        context.log.info("%s wants a deployment of %s", config.by, config.source_id)
        with stores.open() as opened:
            outcome = trigger_deployment(
                opened, config.source_id, build_cache=config.build_cache, progress=context.log.info
            )
            opened.registry.request_sync(config.source_id, "incremental", config.by)
        told = f"{outcome.deployment} is {outcome.state} ({outcome.url}) {outcome.error or ''}"
        if not outcome.is_good:
            raise dg.Failure(told, allow_retries=False)
        context.log.info(told)

    @dg.job(
        name="trigger_deployment",
        description="Starts a deployment at Vercel, follows it to its end, then syncs its source.",
    )
    def trigger() -> None:
        deploy()

    return trigger


class Overdue(dg.Config):
    """Sources whose freshness changed."""

    source_ids: list[str]


def freshness_job(connectors: Sequence[Connector]) -> dg.JobDefinition:
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
                    for stream in connector.streams_of(source):
                        found = fresh_against_cron(opened, source, stream)
                        found.tell(context, fresh_key(connector, stream), source.scope)

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
