"""Pure: what a query of a data source chooses, and in which order.

https://developers.notion.com/reference/query-a-data-source
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import cast

from sync_assets.sandbox.notion.records import Page
from sync_assets.sandbox.notion.shapes import minute

_TIMES = {"created_time": "created_at", "last_edited_time": "edited_at"}


def chosen(pages: Iterable[Page], body: Mapping[str, object]) -> list[Page]:
    """The pages that the request's body asks for, sorted."""
    trashed, archived = body.get("in_trash") is True, body.get("is_archived") is True
    wanted = cast("Mapping[str, object]", body.get("filter") or {})
    found = [
        page
        for page in pages
        if (page.in_trash, page.is_archived) == (trashed, archived) and _passes(page, wanted)
    ]
    for sort in reversed(cast("Sequence[Mapping[str, str]]", body.get("sorts") or ())):
        descending = sort["direction"] == "descending"
        found.sort(key=lambda page: (_told(page, sort["timestamp"]), page.id), reverse=descending)
    return found


def _passes(page: Page, wanted: Mapping[str, object]) -> bool:
    """By filters of timestamps, one or several joined by `and`."""
    if "and" in wanted:
        both = cast("Sequence[Mapping[str, object]]", wanted["and"])
        return all(_passes(page, each) for each in both)
    if not wanted:
        return True
    name = cast("str", wanted["timestamp"])
    bounds = cast("Mapping[str, str]", wanted[name])
    moment = datetime.fromisoformat(_told(page, name))
    return all(
        {
            "on_or_after": moment >= datetime.fromisoformat(bound),
            "on_or_before": moment <= datetime.fromisoformat(bound),
        }[name]
        for name, bound in bounds.items()
    )


def _told(page: Page, name: str) -> str:
    return minute(getattr(page, _TIMES[name]))
