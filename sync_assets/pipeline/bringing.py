"""What the assets that list do, for one stream or for several that are listed together."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import dagster as dg
from dagster import AssetExecutionContext

from sync_assets.connectors.base import Session, Stream
from sync_assets.errors import LeaseHeld, RateLimited
from sync_assets.models import ListReport, SyncMode, digest
from sync_assets.pipeline.checks import tell_checks
from sync_assets.pipeline.metadata import (
    Metadata,
    documents_metadata,
    listing_metadata,
    usage_metadata,
    waits,
)
from sync_assets.pipeline.steps import Step, StreamStep
from sync_assets.sync.removal import remove_left_out


def bring_in(
    context: AssetExecutionContext,
    step: Step,
    streams: Mapping[dg.AssetKey, Stream],
    mode: SyncMode,
    *,
    fetch: bool,
) -> Iterator[dg.MaterializeResult[Any]]:
    """List each stream, and with `fetch` bring its documents in. Streams that the source lacks
    yield nothing; those with nothing to index, an observation, as those that have to wait.
    """
    if any(not step.has(stream) for stream in streams.values()):
        _purge(context, step)
    wanted = {key: step.of(stream) for key, stream in streams.items() if step.has(stream)}
    if not wanted:
        context.log.info("%s has none of these streams", step.source.source_id)
        return
    step.stores.registry.record_started(step.source.source_id)
    with _opened(step, [*wanted.values()], mode) as (sessions, waiting):
        for key, one in wanted.items():
            name = one.stream.name
            if (wait := waiting.get(name)) is not None:
                one.take(wait)
                context.log.info("%s %s %s", step.source.source_id, name, waits(wait))
                observe(context, key, listing_metadata(wait, step.link))
                tell_checks(context, step, one.stream)
                continue
            metadata, watermark = _brought_in(one, sessions[name], mode, fetch=fetch)
            metadata = {**metadata, **usage_metadata(step.meter.read())}
            if watermark is None:
                observe(context, key, metadata)
                tell_checks(context, step, one.stream)
            else:
                version = dg.DataVersion(digest(watermark))
                yield dg.MaterializeResult(key, metadata=metadata, data_version=version)


def _purge(context: AssetExecutionContext, step: Step) -> None:
    """Take out what the operator wants no more. While another run still syncs it, that is left to
    the next run: search does not answer it in any case.
    """
    try:
        removed = remove_left_out(step.stores, step.source, step.connector)
    except LeaseHeld as held:
        context.log.info("%s: %s", step.source.source_id, held)
        return
    for stream in removed:
        context.log.info("%s has no %s any more: purged", step.source.source_id, stream)


def observe(context: AssetExecutionContext, key: dg.AssetKey, metadata: Metadata) -> None:
    """Say what was seen, where nothing is to be done further down."""
    observation = dg.AssetObservation(key, partition=context.partition_key, metadata=metadata)
    context.log_event(observation)


@contextmanager
def _opened(
    step: Step, streams: Sequence[StreamStep], mode: SyncMode
) -> Generator[tuple[Mapping[str, Session], Mapping[str, ListReport]]]:
    """Sessions of the streams that may go on, and what is to be said of those that have to wait.
    The vendor hears of no stream whose time has not come.
    """
    found = {one.stream.name: one.sync.waits(one.mode(mode)) for one in streams}
    waiting = {name: wait for name, wait in found.items() if wait is not None}
    ready = [one for one in streams if one.stream.name not in waiting]
    with ExitStack() as stack:
        sessions: Mapping[str, Session] = {}
        if ready:
            try:
                sessions = stack.enter_context(step.sessions([one.stream for one in ready]))
            except RateLimited as limited:
                waiting |= {
                    one.stream.name: one.sync.put_off(limited, one.mode(mode)) for one in ready
                }
        yield sessions, waiting


def _brought_in(
    listed: StreamStep, session: Session, mode: SyncMode, *, fetch: bool
) -> tuple[Metadata, str | None]:
    """What was done; and the watermark listed, unless there is nothing to index."""
    one = listed.step.of(listed.stream, session)
    link = one.step.link
    listing = one.sync.list(one.mode(mode), one.hints())
    one.take(listing)
    metadata = dict(listing_metadata(listing, link))
    if listing.unchanged:
        return {**metadata, **one.brought_in()}, None
    if listing.ends_sync:
        return metadata, None
    if fetch:
        documents = one.sync.sync_documents()
        one.take(documents)
        metadata |= documents_metadata(documents, link, one.failures())
        if documents.ends_sync:
            return metadata, None
    return metadata, listing.watermark
