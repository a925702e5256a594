"""The assets: for every stream of every connector its stages, then its part of the index.

`<connector>/<stage>` -> ... -> `search_index/<connector>_<stream>`. What passes between them lies
in the stores, so there is no IO manager, and each may run alone, be killed and be repeated.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, TypedDict

import dagster as dg
from dagster import AssetExecutionContext  # Dagster compares the annotation itself

from sync_assets.connectors.base import Connector, Stream
from sync_assets.index.maintenance import (
    Maintained,
    ensure_indexes,
    needs_optimize,
    optimize,
    statistics,
)
from sync_assets.models import digest
from sync_assets.pipeline.columns import CHUNKS, DOCUMENTS, LISTINGS, IndexTable
from sync_assets.pipeline.keys import INDEX, MAINTENANCE, index_key, stage_keys
from sync_assets.pipeline.metadata import (
    Metadata,
    documents_metadata,
    index_metadata,
    listing_metadata,
    maintenance_metadata,
)
from sync_assets.pipeline.partitions import sources_partitions
from sync_assets.pipeline.resources import Provided
from sync_assets.pipeline.steps import Step, opened_step
from sync_assets.pipeline.versions import Versions
from sync_assets.sync.engine import MAINTENANCE_LEASE

OWNERS = ("team:search",)


class Mode(Enum):
    """How the first stage lists. A full sync asks for everything, changed or not."""

    incremental = "incremental"
    full = "full"


class SyncConfig(dg.Config):
    """Of the stage that lists."""

    mode: Mode = Mode.incremental


class Declared(TypedDict):
    """What all assets of a stream say of themselves."""

    key: dg.AssetKey
    partitions_def: dg.PartitionsDefinition[str]
    group_name: str
    kinds: set[str]
    owners: Sequence[str]
    tags: Mapping[str, str]
    description: str
    pool: str


def connector_assets(connector: Connector, versions: Versions) -> list[dg.AssetsDefinition]:
    """All assets of all streams of a connector."""
    return [
        asset
        for stream in connector.streams
        for asset in stream_assets(connector, stream, versions)
    ]


def stream_assets(
    connector: Connector, stream: Stream, versions: Versions
) -> list[dg.AssetsDefinition]:
    """All assets of one stream."""
    first, *rest = stage_keys(connector, stream)
    assets = [_first_stage(connector, stream, first, versions, alone=not rest)]
    assets += [_documents_stage(connector, stream, key, first, versions) for key in rest]
    return [*assets, _index_stage(connector, stream, [first, *rest][-1], versions)]


def maintenance_asset(connectors: Sequence[Connector]) -> dg.AssetsDefinition:
    """The one place that compacts the index."""

    @dg.asset(
        key=MAINTENANCE,
        deps=[index_key(each, stream) for each in connectors for stream in each.streams],
        group_name=INDEX,
        kinds={"lancedb"},
        owners=OWNERS,
        description="The index kept fast: full-text and scalar indexes, compaction, old versions "
        "dropped. Searches are right without it; what no index covers yet is scanned.",
    )
    def maintenance(context: AssetExecutionContext, stores: Provided) -> dg.MaterializeResult[Any]:
        with (
            stores.open() as opened,
            opened.leases.hold(MAINTENANCE_LEASE, opened.settings.lease_seconds) as lease,
        ):
            index = opened.reader.index
            if needs_optimize(statistics(index)):
                done = optimize(index, lease.check)
            else:
                done = Maintained(created=ensure_indexes(index, lease.check))
            return dg.MaterializeResult(metadata=maintenance_metadata(done, statistics(index)))

    return maintenance


def _first_stage(
    connector: Connector, stream: Stream, key: dg.AssetKey, versions: Versions, *, alone: bool
) -> dg.AssetsDefinition:
    """Lists; and fetches too, where the stream has one stage."""
    description = (
        f"{stream.description}\n\nWhat exists at {connector.title} now. A source that stands where "
        "it was last indexed gives an observation, and the stages below are skipped."
    )

    @dg.asset(
        **_declared(connector, stream, key, description),
        code_version=versions.documents,
        output_required=False,
        metadata=(DOCUMENTS if alone else LISTINGS).described(),
    )
    def listed(
        context: AssetExecutionContext, config: SyncConfig, stores: Provided
    ) -> Iterator[dg.MaterializeResult[Any]]:
        with opened_step(context, connector, stream, stores) as step:
            step.stores.registry.record_started(step.source.source_id)
            report = step.sync.list(config.mode.value)
            step.take(report)
            metadata = dict(listing_metadata(report, step.link))
            if report.unchanged:
                context.log_event(
                    dg.AssetObservation(key, partition=context.partition_key, metadata=metadata)
                )
                return
            if alone:
                fetched = step.sync.sync_documents()
                step.take(fetched)
                metadata |= documents_metadata(fetched, step.link, step.failures())
            version = dg.DataVersion(digest(report.watermark))
            yield dg.MaterializeResult(metadata=metadata, data_version=version)

    return listed


def _documents_stage(
    connector: Connector,
    stream: Stream,
    key: dg.AssetKey,
    upstream: dg.AssetKey,
    versions: Versions,
) -> dg.AssetsDefinition:
    """Fetches what is new or changed."""
    description = (
        f"{stream.description}\n\nThe documents with their texts, secrets redacted: fetched in "
        "batches, each checked. A document that fails is a row of `failures`, and is tried again."
    )

    def sync(step: Step) -> Metadata:
        report = step.sync.sync_documents()
        step.take(report)
        return documents_metadata(report, step.link, step.failures())

    return _stage(
        sync,
        connector,
        stream,
        _declared(connector, stream, key, description),
        upstream=upstream,
        code_version=versions.documents,
        table=DOCUMENTS,
    )


def _index_stage(
    connector: Connector, stream: Stream, upstream: dg.AssetKey, versions: Versions
) -> dg.AssetsDefinition:
    """Chunks, embeds, replaces, deletes; then the cursor moves."""
    key = index_key(connector, stream)
    description = (
        f"{stream.description}\n\nThe chunks that search reads. A reader sees every document "
        "whole, old or new; deletes pass the delete valve."
    )

    def index(step: Step) -> Metadata:
        report = step.sync.index_documents()
        step.take(report)
        name = (step.source.source_id, stream.name)
        return index_metadata(
            report,
            step.link,
            step.failures(),
            step.stores.reader.chunks_stored(*name).values(),
            step.stores.cursors.get(*name).watermark,
        )

    return _stage(
        index,
        connector,
        stream,
        _declared(connector, stream, key, description),
        upstream=upstream,
        code_version=versions.index,
        table=CHUNKS,
    )


def _stage(
    work: Callable[[Step], Metadata],
    connector: Connector,
    stream: Stream,
    declared: Declared,
    *,
    upstream: dg.AssetKey,
    code_version: str,
    table: IndexTable,
) -> dg.AssetsDefinition:
    @dg.asset(
        **declared,
        deps=[upstream],
        code_version=code_version,
        metadata=table.described(),
    )
    def stage(context: AssetExecutionContext, stores: Provided) -> dg.MaterializeResult[Any]:
        with opened_step(context, connector, stream, stores) as step:
            return dg.MaterializeResult(metadata=work(step))

    return stage


def _declared(connector: Connector, stream: Stream, key: dg.AssetKey, description: str) -> Declared:
    group = key.path[0]
    return Declared(
        key=key,
        partitions_def=sources_partitions(connector.name),
        group_name=group,
        kinds={connector.name, "lancedb"} if group == INDEX else {connector.name},
        owners=OWNERS,
        tags={"sync_assets/connector": connector.name, "sync_assets/stream": stream.name},
        description=description,
        pool=connector.name,
    )
