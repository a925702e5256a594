"""Pure: how far an answer can be trusted to be what the source says now."""

from datetime import datetime

from croniter import croniter

from sync_assets.models import Source, Stale

PERIODS = 2
"""A source that no complete listing confirmed for this many cron periods is of unknown state."""


def source_freshness(
    source: Source, verified_at: datetime | None, now: datetime
) -> tuple[Stale, str | None]:
    """Whether a source's index may be behind, and why: `false` or `unknown`."""
    if source.status != "active":
        return "unknown", f"the source is {source.status}"
    if verified_at is None:
        return "unknown", "the source was never completely synced"
    expected = croniter(source.cron, verified_at)
    due = [expected.get_next(datetime) for _ in range(PERIODS)]
    if now > due[-1]:
        return "unknown", f"no listing has confirmed it since {verified_at:%Y-%m-%d %H:%M} UTC"
    return "false", None


def document_freshness(
    version: str,
    *,
    stored_version: str | None,
    failing: bool,
    source: tuple[Stale, str | None],
) -> tuple[Stale, str | None]:
    """Whether an indexed document is behind: `true` where a newer version is already known."""
    if stored_version is None:
        return "true", "the document was deleted at the source"
    if stored_version != version:
        return "true", "a newer version is fetched and not yet indexed"
    if failing:
        return "true", "a newer version is listed and could not be fetched"
    return source
