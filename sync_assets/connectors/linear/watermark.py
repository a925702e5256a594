"""How far a team's or workspace's issues were listed. Pure."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

OVERLAP: Final = timedelta(minutes=2)
"""How much later a change may show in Linear's feeds than its time says."""
_MOST_SEEN: Final = 1_000


@dataclass(frozen=True, slots=True)
class Watermark:
    """`at` is the server's clock as the listing began, less the overlap. `seen` names what the
    overlap shows again. `place` is the id of the team, or of the workspace.
    """

    place: str
    at: datetime
    seen: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """What `str` wrote."""
        facts = json.loads(text)
        return cls(facts["place"], datetime.fromisoformat(facts["at"]), tuple(facts["seen"]))

    def __str__(self) -> str:
        """As it is kept."""
        facts = {"place": self.place, "at": self.at.isoformat(), "seen": self.seen}
        return json.dumps(facts, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Mark:
    """A row of a feed: `id`, which may be the issue itself or what belongs to it, was updated then;
    `issue` has to be looked at.
    """

    issue: str
    id: str
    updated_at: datetime

    def __str__(self) -> str:
        """As a watermark keeps it: times are to the millisecond, so no two changes are alike."""
        return f"{self.issue[:8]}.{self.id[:8]}@{self.updated_at.timestamp():.3f}"


def watermark_at(date: datetime, place: str, marks: Iterable[Mark] = ()) -> Watermark:
    """The watermark of a listing whose first answer is of that `date`."""
    at = date - OVERLAP
    again = sorted({(mark.updated_at, str(mark)) for mark in marks if mark.updated_at >= at})
    return Watermark(place, at, tuple(name for _, name in again[-_MOST_SEEN:]))


def new_issues(marks: Iterable[Mark], since: Watermark) -> set[str]:
    """The issues that moved since, without what was seen before."""
    seen = {*since.seen}
    return {mark.issue for mark in marks if str(mark) not in seen}
