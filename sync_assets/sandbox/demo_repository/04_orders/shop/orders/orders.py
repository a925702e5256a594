"""Orders and the states they may move through."""

from typing import Literal

OrderState = Literal["draft", "paid", "packed", "shipped", "delivered", "cancelled", "returned"]

ALLOWED_MOVES: dict[OrderState, tuple[OrderState, ...]] = {
    "draft": ("paid", "cancelled"),
    "paid": ("packed", "cancelled"),
    "packed": ("shipped",),
    "shipped": ("delivered", "returned"),
    "delivered": ("returned",),
    "cancelled": (),
    "returned": (),
}


class ForbiddenMove(Exception):
    """An order cannot go from one state to the other."""


def move_order(state: OrderState, target: OrderState) -> OrderState:
    """The new state. Moving to the present state is allowed, so that messages may repeat."""
    if target == state:
        return state
    if target not in ALLOWED_MOVES[state]:
        raise ForbiddenMove(f"{state} -> {target}")
    return target


def can_customer_cancel(state: OrderState) -> bool:
    """Until the warehouse packs the parcel, customers may cancel by themselves."""
    return "cancelled" in ALLOWED_MOVES[state]
