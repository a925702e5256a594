"""From a cart to an order that waits for its payment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shop.cart.cart import CartLine
from shop.checkout.addresses import Address
from shop.money import Money


@dataclass(frozen=True)
class DraftOrder:
    order_number: str
    lines: tuple[CartLine, ...]
    address: Address
    total: Money
    created_at: datetime


class OrderNumbers(Protocol):
    def next_number(self) -> str: ...


def place_order(
    lines: tuple[CartLine, ...],
    address: Address,
    total: Money,
    numbers: OrderNumbers,
    now: datetime,
) -> DraftOrder:
    """Write the draft. The browser sends an idempotency key, so a double click is one order."""
    if not lines:
        raise ValueError("an order needs at least one line")
    return DraftOrder(numbers.next_number(), lines, address, total, now)


def is_abandoned(order: DraftOrder, now: datetime, hours: int = 4) -> bool:
    """A draft that nobody paid gives its stock back after four hours."""
    return (now - order.created_at).total_seconds() > hours * 3600
