"""How every source stands: one row a source and stream."""

from collections import Counter
from datetime import datetime

from sync_assets.connectors.catalog import connector_named
from sync_assets.control.cursors import Cursor
from sync_assets.freshness import stream_freshness
from sync_assets.index.reader import StreamRows
from sync_assets.models import Answer, SourceStatus, Stale
from sync_assets.stores import Stores

NONE = StreamRows()


class SourceStatusRow(Answer):
    """One source's state as `status` shows it. `swept_at` is when a complete listing last agreed
    with the index, `sweep_due_at` when the next one is due where feeds show only changes.
    """

    source_id: str
    stream: str
    status: SourceStatus
    cron: str
    documents: int
    chunks: int
    failures: int
    held: int
    watermark: str | None
    last_sync_at: datetime | None
    verified_at: datetime | None
    swept_at: datetime | None
    sweep_due_at: datetime | None
    deferred_until: datetime | None
    deferred_because: str | None
    stale: Stale
    stale_because: str | None
    last_error: str | None


def status(stores: Stores) -> list[SourceStatusRow]:
    """Ordered by source; counts are of what the index holds now."""
    now = stores.clock()
    cursors = {(row.source_id, row.stream): row for row in stores.cursors.all()}
    failures = Counter((row.source_id, row.stream) for row in stores.failures.list())
    held = {(row.source_id, row.stream): row.proposed for row in stores.approvals.all(state="held")}
    counts = stores.reader.counts()
    rows: list[SourceStatusRow] = []
    for source in stores.registry.all():
        for stream in connector_named(source.connector).streams_of(source):
            key = (source.source_id, stream.name)
            cursor = cursors.get(key) or Cursor(*key)
            stale, because = stream_freshness(source, cursor, now)
            rows.append(
                SourceStatusRow(
                    source_id=source.source_id,
                    stream=stream.name,
                    status=source.status,
                    cron=source.cron,
                    documents=counts.get(key, NONE).documents,
                    chunks=counts.get(key, NONE).chunks,
                    failures=failures[key],
                    held=held.get(key, 0),
                    watermark=cursor.watermark,
                    last_sync_at=source.last_sync_at,
                    verified_at=cursor.verified_at,
                    swept_at=cursor.swept_at,
                    sweep_due_at=cursor.sweep_due_at,
                    deferred_until=cursor.deferred_until,
                    deferred_because=cursor.deferred_because,
                    stale=stale,
                    stale_because=because,
                    last_error=source.last_error,
                )
            )
    return rows
