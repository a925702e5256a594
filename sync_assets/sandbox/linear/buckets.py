"""A leaky bucket: what was taken comes back at a constant rate, all of it within an hour."""

from dataclasses import dataclass

_HOUR = 3_600


@dataclass(slots=True)
class Bucket:
    """`left` of a limit at `at`, seconds since 1970; it begins full."""

    left: float = 0.0
    at: float | None = None

    def take(self, amount: float, limit: int, now: float) -> bool:
        """Take so much, if there is as much."""
        if self.at is None:
            self.left = limit
        else:
            self.left = min(limit, self.left + (now - self.at) * limit / _HOUR)
        self.at = now
        if self.left < amount:
            return False
        self.left -= amount
        return True

    def full_at(self, limit: int) -> float:
        """When it will be full again, if nobody takes anything."""
        return (self.at or 0.0) + (limit - self.left) * _HOUR / limit
