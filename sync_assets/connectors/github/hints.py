"""What webhooks say of items; see `webhook`. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from sync_assets.connectors.base import Hint

MOST: Final = 100
"""More items than this are found more cheaply by the feeds."""


def items_named(hints: Sequence[Hint]) -> Mapping[int, str | None] | None:
    """The numbers of the items that are to be read again; of one that is said to be deleted or
    transferred, its node id. None where the hints do not name all, or too many.
    """
    named: dict[int, str | None] = {}
    for hint in hints:
        number, node_id = hint.get("number"), hint.get("node_id")
        if not isinstance(number, int) or not isinstance(node_id, str):
            return None
        gone = node_id if hint.get("gone") is True else None
        named[number] = named.get(number) or gone
    return named if len(named) <= MOST else None
