"""How every source stands: one row a source and stream."""

from collections import Counter

from sync_assets.connectors.catalog import connector_named
from sync_assets.control.cursors import Cursor
from sync_assets.freshness import stream_freshness
from sync_assets.index.reader import StreamRows
from sync_assets.models import SourceStatusRow
from sync_assets.stores import Stores

NONE = StreamRows()


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
