"""The asset checks: what a person wants to know of each source, partition by partition.

All but the audit are cheap, and part of every sync. Two have jobs of their own besides: the audit,
and `fresh_against_cron`, for what is overdue has no sync that could say so.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager

import dagster as dg
from dagster import AssetCheckExecutionContext, AssetExecutionContext

from sync_assets.connectors.base import Connector, Stream
from sync_assets.models import Source
from sync_assets.pipeline.findings import (
    Finding,
    deletes_approved,
    equality,
    fresh_against_cron,
    no_duplicate_chunks,
    no_failures,
    no_secrets,
)
from sync_assets.pipeline.keys import index_key, stage_keys
from sync_assets.pipeline.partitions import sources_partitions
from sync_assets.pipeline.resources import Provided
from sync_assets.pipeline.steps import Step
from sync_assets.stores import Stores
from sync_assets.sync.verify import verify_at_rest

Check = Callable[[Stores, Source, Stream], Finding]
CHEAP: Mapping[str, Check] = {
    "no_duplicate_chunks": no_duplicate_chunks,
    "no_failures": no_failures,
    "deletes_approved": deletes_approved,
    "fresh_against_cron": fresh_against_cron,
}
AUDIT, NO_SECRETS = "index_equals_source", "no_secrets"


def audit_key(connector: Connector, stream: Stream) -> dg.AssetCheckKey:
    """The check that compares a stream's index with the live source."""
    return dg.AssetCheckKey(index_key(connector, stream), AUDIT)


def fresh_key(connector: Connector, stream: Stream) -> dg.AssetCheckKey:
    """The check that compares a stream's last verification with its source's cron."""
    return dg.AssetCheckKey(index_key(connector, stream), "fresh_against_cron")


def connector_checks(connector: Connector) -> list[dg.AssetChecksDefinition]:
    """All checks of all streams of a connector."""
    return [
        checks
        for stream in connector.streams
        for checks in (_index_checks(connector, stream), _documents_checks(connector, stream))
    ]


def tell_checks(context: AssetExecutionContext, step: Step, stream: Stream) -> None:
    """What the cheap checks find, from a step that has nothing for those below: theirs are skipped
    then, and Dagster would show the checks as skipped and not as passed.
    """
    connector, source = step.connector, step.source
    index, documents = index_key(connector, stream), stage_keys(connector, stream)[-1]
    checks = {dg.AssetCheckKey(index, name): check for name, check in CHEAP.items()}
    checks[dg.AssetCheckKey(documents, NO_SECRETS)] = no_secrets
    for key, check in checks.items():
        check(step.stores, source, stream).tell(context, key, source.scope)


def _index_checks(connector: Connector, stream: Stream) -> dg.AssetChecksDefinition:
    """One step for all of them: a step costs more than such a check."""
    index, audit = index_key(connector, stream), audit_key(connector, stream)
    texts = {name: check.__doc__ or "" for name, check in CHEAP.items()}
    texts[AUDIT] = (
        "The index equals the live source: same documents, same versions, every chunk once. "
        f"Nightly, and on demand by the job `verify_{connector.name}`."
    )

    @dg.multi_asset_check(
        name=f"{connector.name}_{stream.name}_checks",
        specs=_specs(connector, index, texts),
        can_subset=True,
    )
    def checks(
        context: AssetCheckExecutionContext, stores: Provided
    ) -> Iterator[dg.AssetCheckResult]:
        with stores.open() as opened:
            source = opened.registry.by_partition(connector.name, context.partition_key)
            if stream not in connector.streams_of(source):
                return
            for key in sorted(context.selected_asset_check_keys):
                if key != audit:
                    yield CHEAP[key.name](opened, source, stream).result(key)
                elif index in context.job_def.asset_layer.selected_asset_keys:
                    context.log.info(
                        "The audit is no part of a sync: run verify_%s", source.connector
                    )
                else:
                    show = stores.progress(context.log)
                    report = verify_at_rest(opened, source, connector, stream, progress=show)
                    yield equality(report).result(key)

    return checks


def _documents_checks(connector: Connector, stream: Stream) -> dg.AssetChecksDefinition:
    documents = stage_keys(connector, stream)[-1]
    (spec,) = _specs(connector, documents, {NO_SECRETS: no_secrets.__doc__ or ""})

    @dg.multi_asset_check(name=f"{connector.name}_{stream.name}_no_secrets", specs=[spec])
    def checks(
        context: AssetCheckExecutionContext, stores: Provided
    ) -> Iterator[dg.AssetCheckResult]:
        with stores.open() as opened:
            source = opened.registry.by_partition(connector.name, context.partition_key)
            if stream in connector.streams_of(source):
                yield no_secrets(opened, source, stream).result(spec.key)

    return checks


def _specs(
    connector: Connector, key: dg.AssetKey, texts: Mapping[str, str]
) -> list[dg.AssetCheckSpec]:
    with _preview_accepted():
        return [
            dg.AssetCheckSpec(
                name,
                asset=key,
                description=text,
                partitions_def=sources_partitions(connector.name),
            )
            for name, text in texts.items()
        ]


def _preview_accepted() -> AbstractContextManager[None]:
    """Partitions of a check are in preview: Dagster would say so for each at every load."""
    return warnings.catch_warnings(action="ignore", category=dg.PreviewWarning)
