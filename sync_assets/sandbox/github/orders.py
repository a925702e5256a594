"""The orders in which GitHub lists issues, pull requests and labels."""

from collections.abc import Callable, Mapping
from typing import Any

from sync_assets.sandbox.github.connections import Connection, Key, connection
from sync_assets.sandbox.github.records import Item, Label
from sync_assets.sandbox.github.times import time_text


def ordered_items(items: list[Item], arguments: Mapping[str, Any]) -> Connection:
    """A page of issues or pull requests; the oldest first unless asked otherwise."""
    order = arguments.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    keys: dict[str, Callable[[Item], Key]] = {
        "CREATED_AT": lambda item: (time_text(item.created_at), item.number),
        "UPDATED_AT": lambda item: (time_text(item.touched_at), item.number),
        "COMMENTS": lambda item: (len(item.comments), item.number),
    }
    descending = order["direction"] == "DESC"
    return connection(items, arguments, keys[order["field"]], descending=descending)


def ordered_labels(labels: list[Label], arguments: Mapping[str, Any]) -> Connection:
    """A page of labels."""
    order = arguments.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    by_name = order["field"] == "NAME"

    def key(label: Label) -> Key:
        first = label.name.lower() if by_name else time_text(label.created_at)
        return (first, label.database_id)

    return connection(labels, arguments, key, descending=order["direction"] == "DESC")
