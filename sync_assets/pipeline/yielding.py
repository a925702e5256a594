"""A long run makes way for webhooks: it stops at a checkpoint, and what is left is asked for again.

So a delivery waits for no backfill: see `StreamSync.make_way` for the checkpoints.
"""

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Final

import dagster as dg

from sync_assets.control.registry import SyncRequest
from sync_assets.models import Source
from sync_assets.pipeline import tags
from sync_assets.pipeline.deliveries import ready
from sync_assets.stores import Stores

PACE: Final = timedelta(seconds=20)
"""A step shorter than this is not interrupted; a longer one looks this often."""
BY: Final = "a run that made way"
"""Who asks for what is left."""


def is_urgent(run: dg.DagsterRun) -> bool:
    """Whether the run itself is what others make way for."""
    return run.tags.get(tags.TRIGGER) == "webhook"


def make_way(
    stores: Stores, source: Source, streams: Collection[str], run: dg.DagsterRun
) -> Callable[[], bool]:
    """Says at each checkpoint whether to stop: once a delivery waits that a run could bring in."""
    if is_urgent(run):
        return lambda: False
    looked, stops = stores.clock(), False

    def asked() -> bool:
        nonlocal looked, stops
        now = stores.clock()
        if not stops and now - looked >= PACE:
            looked, stops = now, _waits(stores, source, streams)
        return stops

    return asked


def take_up_later(stores: Stores, source: Source) -> None:
    """Ask, once, for a run that brings in what is left."""
    asked = [each for each in stores.registry.pending_requests() if is_left_over(each)]
    if source.source_id not in {each.source_id for each in asked}:
        stores.registry.request_sync(source.source_id, "incremental", BY)


def is_left_over(request: SyncRequest) -> bool:
    """Whether a run that made way asked for it: everything else goes before it."""
    return request.requested_by == BY


def goes_first(stores: Stores, source: Source, streams: Collection[str]) -> bool:
    """Whether deliveries of the source wait, or are being brought in."""
    claimed = any(source_id == source.source_id for source_id, _ in stores.inbox.claims())
    return claimed or _waits(stores, source, streams)


def _waits(stores: Stores, source: Source, streams: Collection[str]) -> bool:
    waiting = stores.inbox.waiting(source.source_id)
    cursors = stores.cursors.all() if waiting else ()
    return bool(ready(source, waiting, streams, cursors, stores.clock()))
