"""One rate budget: what a vendor allows one credential on one host and resource. Pure.

`grants.py` holds the rules by which it changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """What one response said: `remaining` of `limit` points until `reset_at`."""

    limit: int
    remaining: int
    reset_at: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """Points that a holder may have spent, or may spend until `expires_at`."""

    points: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Lately:
    """Of the last minute: secondary points granted to a holder at a time, and the seconds that
    the server worked for it.
    """

    at: datetime
    holder: str
    points: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Budget:
    """`limit` and `remaining` are None until told. `spent` is ours in this window."""

    limit: int | None = None
    remaining: int | None = None
    reset_at: datetime | None = None
    answered: bool = False
    spent: int = 0
    blocked_until: datetime | None = None
    refusals: int = 0
    waiting_until: datetime | None = None
    grants: Mapping[str, Grant] = field(default_factory=dict[str, Grant])
    lately: Sequence[Lately] = ()

    def outstanding(self, holder: str | None = None) -> int:
        """Points granted and not accounted for; of all holders but that one."""
        return sum(grant.points for name, grant in self.grants.items() if name != holder)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the asker may draw on. Of each limit the larger of `reserve_points` and
    `reserve_percent` is left for others, `reserves` times over; `cap_percent` of it is ours.
    Points and server seconds a minute are the vendor's numbers.
    """

    reserve_points: int = 0
    reserve_percent: int = 0
    reserves: int = 1
    cap_percent: int = 100
    minute_points: int | None = None
    minute_seconds: float | None = None

    def floor(self, limit: int) -> int:
        """Points that stay; never more than half of a small limit for each reserve."""
        reserve = max(self.reserve_points, limit * self.reserve_percent // 100)
        return min(limit * 9 // 10, min(reserve, limit // 2) * self.reserves)

    def cap(self, limit: int) -> int:
        """Points that are ours in a window."""
        return limit * self.cap_percent // 100


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a holder's points since its last report: `read` were counted by `readings`,
    `unseen` were spent without one; `in_flight` are still out. The rest comes back.
    """

    read: int = 0
    unseen: int = 0
    in_flight: int = 0
    answered: bool = False
    unused_minute: int = 0
    seconds: float = 0.0
    readings: Sequence[Reading] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """The least that one call needs."""

    points: int
    minute_points: int


@dataclass(frozen=True, slots=True)
class Granted:
    """Points free to be spent, and secondary ones. `serial`: the server works too much for us, one
    call at a time from now on.
    """

    points: int
    minute_points: int
    serial: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing until then. `sooner`: a holder's report may free points before. `refused`: it is the
    vendor that wants it so, whatever is left.
    """

    until: datetime
    sooner: bool = False
    refused: bool = False
