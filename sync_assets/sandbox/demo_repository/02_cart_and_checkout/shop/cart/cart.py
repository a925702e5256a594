"""The cart: what a customer means to buy. It is stored in the browser and checked here."""

from dataclasses import dataclass

MAX_QUANTITY_PER_LINE = 50


@dataclass(frozen=True)
class CartLine:
    sku: str
    quantity: int


class CartError(ValueError):
    """The cart cannot be used as it is; the message is shown to the customer."""


def add_to_cart(lines: tuple[CartLine, ...], sku: str, quantity: int) -> tuple[CartLine, ...]:
    """Add a variant; the same variant twice becomes one line."""
    if quantity < 1:
        raise CartError("Please choose at least one.")
    known = {line.sku: line.quantity for line in lines}
    known[sku] = min(known.get(sku, 0) + quantity, MAX_QUANTITY_PER_LINE)
    return tuple(CartLine(key, count) for key, count in known.items())


def remove_from_cart(lines: tuple[CartLine, ...], sku: str) -> tuple[CartLine, ...]:
    return tuple(line for line in lines if line.sku != sku)


def merge_carts(
    guest: tuple[CartLine, ...], saved: tuple[CartLine, ...]
) -> tuple[CartLine, ...]:
    """After signing in: the saved cart first, then what was added as a guest."""
    merged = saved
    for line in guest:
        merged = add_to_cart(merged, line.sku, line.quantity)
    return merged
