"""Pure: how far an answer can be trusted to be what the source says now."""

from datetime import datetime

from croniter import croniter

from sync_assets.control.cursors import Cursor
from sync_assets.models import Source, Stale

PERIODS = 2
"""A source that no listing confirmed for this many cron periods is of unknown state; so is one
that no complete listing confirmed for this many sweep periods, where most list only changes.
"""


def stream_freshness(source: Source, cursor: Cursor, now: datetime) -> tuple[Stale, str | None]:
    """Whether a stream's index may be behind, and why: `false` or `unknown`."""
    if source.status != "active":
        return "unknown", f"the source is {source.status}"
    if cursor.verified_at is None:
        return "unknown", "the source was never completely synced"
    if cursor.listed_watermark != cursor.watermark:
        return "unknown", "a newer state of the source is listed and not yet indexed"
    if is_overdue(source, cursor.verified_at, now):
        seen = f"{cursor.verified_at:%Y-%m-%d %H:%M} UTC"
        return "unknown", f"no listing has confirmed it since {seen}"
    if is_sweep_overdue(cursor, now):
        seen = f"{cursor.swept_at:%Y-%m-%d %H:%M} UTC"
        return "unknown", f"no complete listing has confirmed it since {seen}"
    return "false", None


def is_overdue(source: Source, since: datetime, now: datetime) -> bool:
    """Whether more than two periods of the source's cron have passed."""
    expected = croniter(source.cron, since)
    return now > [expected.get_next(datetime) for _ in range(PERIODS)][-1]


def is_sweep_overdue(cursor: Cursor, now: datetime) -> bool:
    """Whether twice the time has passed in which a complete listing was due."""
    due, swept_at = cursor.sweep_due_at, cursor.swept_at
    if due is None or swept_at is None:
        return False  # every listing is complete, or none was yet
    return now > swept_at + PERIODS * (due - swept_at)


def document_freshness(
    version: str,
    *,
    stored_version: str | None,
    failing: bool,
    told: bool,
    source: tuple[Stale, str | None],
) -> tuple[Stale, str | None]:
    """Whether an indexed document is behind: `true` where a newer version is already known, or a
    webhook `told` of a change of its stream that is still to be brought in.
    """
    if stored_version is None:
        return "true", "the document was deleted at the source"
    if stored_version != version:
        return "true", "a newer version is fetched and not yet indexed"
    if failing:
        return "true", "a newer version is listed and could not be fetched"
    if told:
        return "true", "a webhook told of a change that is not brought in yet"
    return source
