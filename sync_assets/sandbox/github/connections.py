"""Relay's paging over lists: opaque cursors that name an element and not a position.

A cursor holds the element's sort key, so that what appears or goes before it moves nothing.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Connection:
    """One page. `total` is asked for only where the query wants it."""

    nodes: Sequence[Any]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool
    total: Callable[[], int]


def connection(
    elements: Sequence[Any],
    arguments: Mapping[str, Any],
    key: Callable[[Any], Key] | None = None,
    *,
    descending: bool = False,
) -> Connection:
    """The page that `first`, `after`, `last`, `before` ask for.

    Elements are sorted by `key`, which ends in something unique; without it they keep their order,
    and a cursor is a position.
    """
    keys: list[Key]
    if key is None:
        keys = [(position,) for position in range(len(elements))]
        ordered = list(elements)
    else:
        ordered = sorted(elements, key=key, reverse=descending)
        keys = [key(element) for element in ordered]
    start, stop = 0, len(ordered)
    if (after := arguments.get("after")) is not None:
        passed = _key(after, "after")
        start = sum((each >= passed) if descending else (each <= passed) for each in keys)
    if (before := arguments.get("before")) is not None:
        limit = _key(before, "before")
        stop = sum((each > limit) if descending else (each < limit) for each in keys)
    window = range(start, max(start, stop))
    if (first := arguments.get("first")) is not None:
        window = window[:first]
    if (last := arguments.get("last")) is not None:
        window = window[max(0, len(window) - last) :]
    total = len(ordered)
    return Connection(
        [ordered[position] for position in window],
        [_cursor(keys[position]) for position in window],
        window.stop < total,
        window.start > 0,
        lambda: total,
    )


def position_after(arguments: Mapping[str, Any]) -> int:
    """For lists that are read piece by piece: where the page begins."""
    after = arguments.get("after")
    return 0 if after is None else int(_key(after, "after")[0]) + 1


def position_cursor(position: int) -> str:
    """The cursor of an element of such a list."""
    return _cursor((position,))


def _cursor(key: Key) -> str:
    return base64.b64encode(("cursor:v2:" + json.dumps(key)).encode()).decode()


def _key(cursor: str, argument: str) -> Key:
    try:
        text = base64.b64decode(cursor, validate=True).decode()
        return tuple(json.loads(text.removeprefix("cursor:v2:")))
    except (ValueError, TypeError):
        raise GraphQLError(
            f"`{cursor}` does not appear to be a valid cursor.",
            extensions={"type": "INVALID_CURSOR_ARGUMENTS", "argument": argument},
        ) from None
