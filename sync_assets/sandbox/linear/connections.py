"""Linear's paging: newest first by creation or by update, cursors that name a place in that order.

https://linear.app/developers/pagination
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from graphql import GraphQLError

from sync_assets.sandbox.linear.world import LinearWorld

DEFAULT_PAGE = 50


class Dated(Protocol):
    """What is listed."""

    id: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Connection:
    """One page."""

    nodes: Sequence[Any]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool


def connection(
    world: LinearWorld, elements: Iterable[Dated], arguments: Mapping[str, Any]
) -> Connection:
    """The page that `first`, `after`, `last`, `before` and `orderBy` ask for, without what is
    archived unless `includeArchived`.
    """
    by_update = arguments.get("orderBy") == "updatedAt"
    archived = bool(arguments.get("includeArchived"))
    shown = {
        _place(each, by_update=by_update): each
        for each in elements
        if archived or getattr(each, "archived_at", None) is None
    }
    places = sorted(shown, reverse=True)
    if (after := arguments.get("after")) is not None:
        passed = _passed(after)
        places = [place for place in places if place < passed]
    if (before := arguments.get("before")) is not None:
        limit = _passed(before)
        places = [place for place in places if place > limit]
    size, last = _size(world, arguments, "first"), arguments.get("last")
    if last is not None and arguments.get("first") is None:
        size = _size(world, arguments, "last")
        page = places[-size:]
        has_next, has_previous = False, len(places) > size
    else:
        page = places[:size]
        has_next, has_previous = len(places) > size, after is not None
    if has_next and world.lies > 0:
        world.lies -= 1
        has_next = False
    cursors = [base64.urlsafe_b64encode(place.encode()).decode() for place in page]
    return Connection([shown[place] for place in page], cursors, has_next, has_previous)


def _place(element: Dated, *, by_update: bool) -> str:
    at = element.updated_at if by_update else element.created_at
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}/{element.id}"


def _passed(cursor: str) -> str:
    try:
        return base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except ValueError:
        raise _invalid("after is not a valid pagination cursor identifier.") from None


def _size(world: LinearWorld, arguments: Mapping[str, Any], name: str) -> int:
    size = arguments.get(name)
    if size is None:
        size = DEFAULT_PAGE
    if not 0 < size <= world.most_a_page:
        raise _invalid(f"{name} must not be greater than {world.most_a_page}.")
    return int(size)


def _invalid(message: str) -> GraphQLError:
    extensions = {"code": "INPUT_ERROR", "type": "invalid input", "userError": True}
    return GraphQLError(
        "Argument Validation Error", extensions={**extensions, "userPresentableMessage": message}
    )
