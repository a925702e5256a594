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
from sync_assets.index.maintenance import statistics
from sync_assets.pipeline.bringing import bring_in, observe
from sync_assets.pipeline.checks import tell_checks
from sync_assets.pipeline.columns import CHUNKS, DOCUMENTS, LISTINGS, IndexTable
from sync_assets.pipeline.keys import (
    INDEX,
    MAINTENANCE,
    event_key,
    feeds,
    first_op,
    index_key,
    stage_keys,
)
from sync_assets.pipeline.metadata import (
    Metadata,
    documents_metadata,
    index_metadata,
    maintenance_metadata,
    usage_metadata,
)
from sync_assets.pipeline.partitions import sources_partitions
from sync_assets.pipeline.resources import Provided
from sync_assets.pipeline.steps import StreamStep, opened_step
from sync_assets.pipeline.telling import event_spec, tell
from sync_assets.pipeline.versions import Versions
from sync_assets.sync.upkeep import keep_up

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


def connector_assets(
    connector: Connector, versions: Versions
) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """All assets of all streams of a connector, with what is observed of them."""
    together = [_feed(connector, name, versions) for name in feeds(connector)]
    alone = [
        asset
        for stream in connector.streams
        for asset in stream_assets(connector, stream, versions)
    ]
    events = [
        event_spec(connector, stream, stream.tells, OWNERS)
        for stream in connector.streams
        if stream.tells is not None
    ]
    return [*together, *alone, *events]


def stream_assets(
    connector: Connector, stream: Stream, versions: Versions
) -> list[dg.AssetsDefinition]:
    """The assets of one stream that are its alone."""
    first, *rest = stage_keys(connector, stream)
    assets: list[dg.AssetsDefinition] = []
    if stream.feed is None:
        assets += [_first_stage(connector, stream, first, versions, alone=not rest)]
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
        with stores.open() as opened:
            done = keep_up(opened)
            tables = statistics(opened.reader.index)
            return dg.MaterializeResult(metadata=maintenance_metadata(done, tables))

    return maintenance


def _first_stage(
    connector: Connector, stream: Stream, key: dg.AssetKey, versions: Versions, *, alone: bool
) -> dg.AssetsDefinition:
    """Lists; and fetches too, where the stream has one stage."""

    @dg.asset(
        **_declared(connector, stream, key, _listing_description(connector, stream)),
        code_version=versions.documents,
        output_required=False,
        metadata=(DOCUMENTS if alone else LISTINGS).described(),
        pool=connector.name,
    )
    def listed(
        context: AssetExecutionContext, config: SyncConfig, stores: Provided
    ) -> Iterator[dg.MaterializeResult[Any]]:
        with opened_step(context, connector, stores) as step:
            yield from bring_in(context, step, {key: stream}, config.mode.value, fetch=alone)

    return listed


def _feed(connector: Connector, feed: str, versions: Versions) -> dg.AssetsDefinition:
    """Streams that are listed together, over sessions that share what they see of the source."""
    streams = {stage_keys(connector, stream)[0]: stream for stream in feeds(connector)[feed]}

    @dg.multi_asset(
        name=first_op(connector, next(iter(streams.values()))),
        specs=[
            dg.AssetSpec(
                **_declared(connector, stream, key, _listing_description(connector, stream)),
                code_version=versions.documents,
                skippable=True,
                metadata=DOCUMENTS.described(),
            )
            for key, stream in streams.items()
        ],
        can_subset=True,
        pool=connector.name,
    )
    def listed(
        context: AssetExecutionContext, config: SyncConfig, stores: Provided
    ) -> Iterator[dg.MaterializeResult[Any]]:
        chosen = {
            key: stream for key, stream in streams.items() if key in context.selected_asset_keys
        }
        with opened_step(context, connector, stores) as step:
            yield from bring_in(context, step, chosen, config.mode.value, fetch=True)

    return listed


def _listing_description(connector: Connector, stream: Stream) -> str:
    return (
        f"{stream.description}\n\nWhat exists at {connector.title} now. A source that stands where "
        "it was last indexed gives an observation, and the stages below are skipped."
    )


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

    def sync(_: AssetExecutionContext, step: StreamStep) -> tuple[Metadata, bool]:
        report = step.sync.sync_documents()
        step.take(report)
        metadata = documents_metadata(report, step.step.link, step.failures())
        return metadata, not report.ends_sync

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

    def index(context: AssetExecutionContext, step: StreamStep) -> tuple[Metadata, bool]:
        report = step.sync.index_documents()
        step.take(report)
        if stream.tells is not None:
            tell(context, event_key(connector, stream.tells), stream.tells, step)
        stores, name = step.step.stores, (step.step.source.source_id, stream.name)
        metadata = index_metadata(
            report,
            step.step.link,
            step.failures(),
            stores.reader.chunks_stored(*name).values(),
            stores.cursors.get(*name),
        )
        if report.made_way:
            return metadata, False
        return {**metadata, **step.brought_in()}, True

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
    work: Callable[[AssetExecutionContext, StreamStep], tuple[Metadata, bool]],
    connector: Connector,
    stream: Stream,
    declared: Declared,
    *,
    upstream: dg.AssetKey,
    code_version: str,
    table: IndexTable,
) -> dg.AssetsDefinition:
    """`work` says what it did, and whether there is something for the stages below."""

    @dg.asset(
        **declared,
        deps=[upstream],
        code_version=code_version,
        output_required=False,
        metadata=table.described(),
        pool=connector.name,
    )
    def stage(
        context: AssetExecutionContext, stores: Provided
    ) -> Iterator[dg.MaterializeResult[Any]]:
        with opened_step(context, connector, stores) as step:
            if not step.has(stream):
                context.log.info("%s has no %s", step.source.source_id, stream.name)
                return
            metadata, goes_on = work(context, step.of(stream))
            metadata = {**metadata, **usage_metadata(step.meter.read())}
            if goes_on:
                yield dg.MaterializeResult(metadata=metadata)
            else:
                observe(context, declared["key"], metadata)
                tell_checks(context, step, stream)

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
    )
