"""What a look at a tracker gives, by whichever API."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from sync_assets.connectors.base import Size
from sync_assets.connectors.github.nodes import Item
from sync_assets.connectors.github.queries import Kind
from sync_assets.connectors.github.watermark import Api, Watermark
from sync_assets.errors import SourceError, SourceUnavailable

ATTEMPTS: Final = 3
"""How often a tracker is counted that moves meanwhile."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An item that exists, in the version it has now."""

    kind: Kind
    node_id: str
    number: int
    version: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """Items, and how far they tell of the tracker."""

    items: Sequence[Listed]
    watermark: Watermark


@dataclass(frozen=True, slots=True)
class Whole:
    """An item that was read whole, and its version."""

    item: Item
    version: str


class Tracker(ABC):
    """One repository's issues and pull requests. Safe from several threads."""

    by: ClassVar[Api]

    @abstractmethod
    def changes(self, since: Watermark, kinds: Collection[Kind], pages: Size) -> Sighting | None:
        """What moved since; None where a listing of changes will not do: it is another repository
        now, or has another name.
        """

    @abstractmethod
    def probe(
        self, since: Watermark, kind: Kind, numbers: Sequence[int]
    ) -> Sequence[Listed] | None:
        """The items of that kind and these numbers that are there now; None as with `changes`."""

    @abstractmethod
    def sweep(self, kind: Kind, pages: Size) -> Sighting:
        """All items. Raises DoesNotAddUp where they are not as many as GitHub counts."""

    @abstractmethod
    def read(
        self, kind: Kind, items: Sequence[tuple[str, int]]
    ) -> Iterator[Whole | SourceError | None]:
        """Items by node id and number, in this order; None where there is none any more, an error
        where one alone could not be read.
        """

    @abstractmethod
    def look(self, name: str, number: int) -> tuple[int, str | None]:
        """What GitHub answers when asked for that item alone, by REST: the status, and with 200 the
        node id of what is found there, or where it was transferred to.
        """


class DoesNotAddUp(SourceUnavailable):
    """What was read is not what GitHub counts: it moved meanwhile, or GitHub counts wrongly."""
