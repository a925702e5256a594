"""Times as GitHub writes and reads them: UTC, whole seconds."""

from datetime import UTC, datetime


def time_text(at: datetime) -> str:
    """`2026-03-01T12:00:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def maybe_time(at: datetime | None) -> str | None:
    """The same, for what may not have happened."""
    return None if at is None else time_text(at)


def parse_time(text: str) -> datetime:
    """What a client wrote; without an offset it is UTC. ValueError if it is no time."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
