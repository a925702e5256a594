"""A source that has another name at its vendor: its scope follows, its documents stay."""

from collections.abc import Sequence
from typing import Any

import dagster as dg
from dagster import OpExecutionContext

from sync_assets.connectors.base import Connector
from sync_assets.pipeline import tags
from sync_assets.pipeline.orphans import claim
from sync_assets.pipeline.resources import Provided
from sync_assets.sync.renaming import follow_rename

JOB = "rename_source"
OP = "follow_rename"


class Rename(dg.Config):
    """A source that a webhook calls renamed."""

    source_id: str


def config(source_id: str) -> dict[str, Any]:
    """The run config of the job."""
    return {"ops": {OP: {"config": {"source_id": source_id}}}}


def rename_job(connectors: Sequence[Connector]) -> dg.JobDefinition:
    """The vendor is asked, for a webhook may be old; partitions follow by `registry_sync`."""
    known = {connector.name: connector for connector in connectors}

    @dg.op(
        name=OP,
        out=dg.Out(dg.Nothing),
        description="Asks the vendor where the source is now, and gives it that scope.",
    )
    def follow(context: OpExecutionContext, config: Rename, stores: Provided) -> None:
        claim(context.instance, context.run_id)
        with stores.open() as opened:
            source = opened.registry.get(config.source_id)
            opened.http.priority = tags.calls_of(context.run.tags)
            renamed = follow_rename(opened, source, known[source.connector])
            context.log.info("%s: %s", source.source_id, renamed.scope)

    @dg.job(
        name=JOB,
        description="Gives a source the name that it has at its vendor now; its documents stay.",
        tags={tags.LANE: "shared"},
    )
    def rename() -> None:
        follow()

    return rename
