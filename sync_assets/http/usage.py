"""What calls used: for a run's metadata. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process used of one resource since it opened its clients; bytes are those of answers'
    bodies as they came over the wire. `left` are the points that the vendor would still give in
    this window, None where it does not tell.
    """

    vendor: str
    resource: str
    calls: int = 0
    points: int = 0
    bytes: int = 0
    left: int | None = None


def used_since(before: Sequence[Usage], after: Sequence[Usage]) -> list[Usage]:
    """What came between two readings; nothing of a resource that was not called meanwhile."""
    known = {(each.vendor, each.resource): each for each in before}
    found: list[Usage] = []
    for each in after:
        earlier = known.get((each.vendor, each.resource), Usage(each.vendor, each.resource))
        if each.calls > earlier.calls or each.bytes > earlier.bytes:
            found.append(
                replace(
                    each,
                    calls=each.calls - earlier.calls,
                    points=each.points - earlier.points,
                    bytes=each.bytes - earlier.bytes,
                )
            )
    return found
