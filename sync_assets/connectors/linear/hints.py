"""What webhooks say of issues; see `webhook`. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from sync_assets.connectors.base import Hint

MOST: Final = 100
"""More issues than this are found more cheaply by the feeds."""


def issues_named(hints: Sequence[Hint]) -> Mapping[str, bool] | None:
    """The ids of the issues that are to be read again, and whether one is said to be removed. None
    where the hints do not name all, or too many.
    """
    named: dict[str, bool] = {}
    for hint in hints:
        issue = hint.get("issue")
        if not isinstance(issue, str):
            return None
        named[issue] = named.get(issue, False) or hint.get("gone") is True
    return named if len(named) <= MOST else None
