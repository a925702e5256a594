"""Who may draw how much on a rate budget, and when: what an operator sets. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from sync_assets.control.budget import Policy

if TYPE_CHECKING:
    from sync_assets.http.dialect import MinuteLimits
    from sync_assets.settings import Settings


class Priority(IntEnum):
    """For whom calls are made; the number says how many reserves they leave untouched."""

    WEBHOOK = 0
    SCHEDULE = 1
    BACKFILL = 2


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A span of each day in UTC, as minutes since midnight; over midnight where it ends before it
    begins.
    """

    begin: int
    end: int

    def until(self, now: datetime) -> datetime | None:
        """The end of the quiet that holds now."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        minute = (now - midnight) / timedelta(minutes=1)
        if self.begin <= self.end:
            quiet, days = self.begin <= minute < self.end, 0
        else:
            quiet, days = not self.end <= minute < self.begin, int(minute >= self.begin)
        return midnight + timedelta(days=days, minutes=self.end) if quiet else None


@dataclass(frozen=True, slots=True)
class Rules:
    """An operator's rules; without any, all that a vendor gives may be used at any time."""

    reserve_points: int = 0
    reserve_percent: int = 0
    cap_percent: int = 100
    quiet: QuietHours | None = None

    def policy(self, priority: Priority, minute: "MinuteLimits | None" = None) -> Policy:
        """What calls of that priority may draw on."""
        return Policy(
            reserve_points=self.reserve_points,
            reserve_percent=self.reserve_percent,
            reserves=int(priority),
            cap_percent=self.cap_percent,
            minute_points=None if minute is None else minute.points,
            minute_seconds=None if minute is None else minute.seconds,
        )


def rules_of(settings: "Settings") -> Rules:
    """The rules that settings say."""
    return Rules(
        settings.rate_reserve_points,
        settings.rate_reserve_percent,
        settings.rate_cap_percent,
        quiet_hours(settings.quiet_hours),
    )


def quiet_hours(text: str) -> QuietHours | None:
    """From `HH:MM-HH:MM`, whose form settings have checked; None for none."""
    if not text:
        return None
    begin, end = (
        int(hours) * 60 + int(minutes)
        for hours, minutes in (part.split(":") for part in text.split("-"))
    )
    return QuietHours(begin, end)
