"""How far a tracker was listed. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Self

from sync_assets.connectors.github.queries import Kind

Api = Literal["graphql", "rest"]

OVERLAP: Final = timedelta(minutes=2)
"""How much later a change may show in GitHub's feeds than its time says."""
SETTLED: Final = timedelta(seconds=2)
"""Times are whole seconds: within that one, a second change looks like the first."""
_MOST_SEEN: Final = 500


@dataclass(frozen=True, slots=True)
class Watermark:
    """`at` is the server's clock as the listing began, less the overlap. `seen` names what the
    overlap shows again. `repository` is the vendor's id, `name` what it was called, `by` which API
    told: with another one, a listing of changes would not do.
    """

    repository: str
    name: str
    at: datetime
    by: Api
    seen: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """What `str` wrote."""
        facts = json.loads(text)
        at = datetime.fromisoformat(facts["at"])
        return cls(facts["repository"], facts["name"], at, facts["by"], tuple(facts["seen"]))

    def __str__(self) -> str:
        """As it is kept."""
        facts = {
            "repository": self.repository,
            "name": self.name,
            "at": self.at.isoformat(),
            "by": self.by,
            "seen": self.seen,
        }
        return json.dumps(facts, separators=(",", ":"))

    def continues(self, repository: str, name: str, by: Api) -> bool:
        """Whether changes since this watermark are all that is to be known."""
        return (self.repository, self.name, self.by) == (repository, name, by)

    def covers(self, other: "Watermark") -> bool:
        """Whether what moved since this one is all, and maybe more, that moved since the other."""
        return self.continues(other.repository, other.name, other.by) and self.at <= other.at


def watermark_at(
    date: datetime, repository: str, name: str, by: Api, marks: Iterable["Mark"] = ()
) -> Watermark:
    """The watermark of a listing whose first answer is of that `date`."""
    at = date - OVERLAP
    again = sorted({str(mark) for mark in marks if at <= mark.updated_at <= date - SETTLED})
    return Watermark(repository, name, at, by, tuple(again[-_MOST_SEEN:]))


@dataclass(frozen=True, slots=True)
class Mark:
    """A row of a feed: something of item `number` that was updated then."""

    number: int
    id: str
    updated_at: datetime

    def __str__(self) -> str:
        """As a watermark keeps it."""
        return f"{self.id}@{self.updated_at:%Y%m%dT%H%M%S}"


def touched(marks: Mapping[Mark, Kind], since: Watermark) -> Mapping[int, Kind]:
    """The items that moved since, by number, in order, without what was seen before."""
    seen = {*since.seen}
    new: dict[int, Kind] = {
        mark.number: kind for mark, kind in marks.items() if str(mark) not in seen
    }
    return {number: new[number] for number in sorted(new)}
