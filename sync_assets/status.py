"""How every source stands: one row a source and stream; and the rate budgets in use."""

from collections import Counter
from datetime import datetime

from sync_assets.connectors.catalog import connector_named
from sync_assets.control.budgets import SLOTS
from sync_assets.control.cursors import Cursor
from sync_assets.control.grants import rolled
from sync_assets.freshness import stream_freshness
from sync_assets.http.policy import Priority, rules_of
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
    lag_seconds: float | None
    stale: Stale
    stale_because: str | None
    last_error: str | None


class BudgetRow(Answer):
    """One rate budget of one credential (a digest names it) in its current window: points.

    `reserve` of what remains are kept for webhooks, and twice as many from backfills; `granted`
    are those of calls under way; `spent` is what we used. `waits_until` is when those may call
    again who found it used up, or were refused.
    """

    host: str
    resource: str
    credential: str
    limit: int | None
    remaining: int | None
    reserve: int | None
    spent: int
    granted: int
    reset_at: datetime | None
    waits_until: datetime | None


class StatusAnswer(Answer):
    """`budgets` are those that were drawn on in their current window; others are whole."""

    sources: list[SourceStatusRow]
    budgets: list[BudgetRow]


def budgets(stores: Stores) -> list[BudgetRow]:
    """Those in use, in order of host and resource."""
    now = stores.clock()
    policy = rules_of(stores.settings).policy(Priority.SCHEDULE)
    rows: list[BudgetRow] = []
    for key, kept in stores.budgets.all():
        budget = rolled(kept, now)
        waits = [
            until
            for until in (budget.blocked_until, budget.waiting_until)
            if until is not None and until > now
        ]
        if key.resource == SLOTS or not (budget.reset_at or budget.grants or waits):
            continue
        rows.append(
            BudgetRow(
                host=key.host,
                resource=key.resource,
                credential=key.credential,
                limit=budget.limit,
                remaining=None if budget.remaining is None else max(0, budget.remaining),
                reserve=None if budget.limit is None else policy.floor(budget.limit),
                spent=budget.spent,
                granted=budget.outstanding(),
                reset_at=budget.reset_at,
                waits_until=max(waits, default=None),
            )
        )
    return rows


def status(stores: Stores) -> list[SourceStatusRow]:
    """Ordered by source; counts are of what the index holds now."""
    now = stores.clock()
    cursors = {(row.source_id, row.stream): row for row in stores.cursors.all()}
    failures = Counter((row.source_id, row.stream) for row in stores.failures.list())
    held = {(row.source_id, row.stream): row.proposed for row in stores.approvals.all(state="held")}
    counts = stores.reader.counts()
    lags = stores.inbox.lags()
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
                    lag_seconds=lags.get(source.source_id),
                    stale=stale,
                    stale_because=because,
                    last_error=source.last_error,
                )
            )
    return rows
