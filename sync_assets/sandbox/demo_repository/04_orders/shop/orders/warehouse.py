"""The list that the warehouse works from."""

from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True)
class PickItem:
    order_number: str
    sku: str
    quantity: int
    shelf: str


def picking_route(items: list[PickItem]) -> list[tuple[str, list[PickItem]]]:
    """Items by shelf, in walking order, so that nobody crosses the hall twice."""
    ordered = sorted(items, key=lambda item: (item.shelf, item.order_number))
    return [(shelf, list(group)) for shelf, group in groupby(ordered, key=lambda i: i.shelf)]


def export_csv(items: list[PickItem]) -> str:
    """The file that the hand scanners read: semicolons, no heading."""
    return "\n".join(f"{i.shelf};{i.sku};{i.quantity};{i.order_number}" for i in items)
