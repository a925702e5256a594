"""Small real classes that stand where a test needs control."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """A clock that moves only when told: call it for the wall's time, aware UTC."""

    def __init__(self, now: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC)) -> None:
        self.now = now
        self.elapsed_seconds = 0.0

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        """Seconds that passed, whatever was done to the wall clock."""
        return self.elapsed_seconds

    def advance(self, seconds: float) -> None:
        """Time passes."""
        self.now += timedelta(seconds=seconds)
        self.elapsed_seconds += seconds

    def set_wall(self, seconds: float) -> None:
        """Someone sets the wall clock, forward or (negative) back; no time passes."""
        self.now += timedelta(seconds=seconds)
