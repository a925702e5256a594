"""What the assets that list do, for one stream or for several that are listed together."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster import AssetExecutionContext

from sync_assets.connectors.base import Stream
from sync_assets.models import SyncMode, digest
from sync_assets.pipeline.metadata import Metadata, documents_metadata, listing_metadata
from sync_assets.pipeline.steps import Step, StreamStep


def bring_in(
    context: AssetExecutionContext,
    step: Step,
    streams: Mapping[dg.AssetKey, Stream],
    mode: SyncMode,
    *,
    fetch: bool,
) -> Iterator[dg.MaterializeResult[Any]]:
    """List each stream, and with `fetch` bring its documents in. Streams that the source lacks
    yield nothing; those with nothing to index, an observation.
    """
    wanted = {key: stream for key, stream in streams.items() if step.has(stream)}
    if not wanted:
        context.log.info("%s has none of these streams", step.source.source_id)
        return
    step.stores.registry.record_started(step.source.source_id)
    with step.sessions([*wanted.values()]) as sessions:
        for key, stream in wanted.items():
            one = step.of(stream, sessions[stream.name])
            metadata, watermark = _brought_in(one, mode, fetch=fetch)
            if watermark is None:
                observe(context, key, metadata)
            else:
                version = dg.DataVersion(digest(watermark))
                yield dg.MaterializeResult(key, metadata=metadata, data_version=version)


def observe(context: AssetExecutionContext, key: dg.AssetKey, metadata: Metadata) -> None:
    """Say what was seen, where nothing is to be done further down."""
    observation = dg.AssetObservation(key, partition=context.partition_key, metadata=metadata)
    context.log_event(observation)


def _brought_in(one: StreamStep, mode: SyncMode, *, fetch: bool) -> tuple[Metadata, str | None]:
    """What was done; and the watermark listed, unless there is nothing to index."""
    link = one.step.link
    listing = one.sync.list(mode)
    one.take(listing)
    metadata = dict(listing_metadata(listing, link))
    if listing.ends_sync:
        return metadata, None
    if fetch:
        documents = one.sync.sync_documents()
        one.take(documents)
        metadata |= documents_metadata(documents, link, one.failures())
        if documents.ends_sync:
            return metadata, None
    return metadata, listing.watermark
