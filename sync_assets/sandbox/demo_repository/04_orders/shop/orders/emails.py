"""Mails about an order. Each is sent once for an order, whatever happens."""

from collections.abc import Callable
from string import Template

TEMPLATES = {
    "paid": Template("Thank you, $name! We have your payment for order $number."),
    "shipped": Template("Order $number left our warehouse. Track it here: $tracking_url"),
    "refunded": Template("We sent $amount back to your card for order $number."),
}


def render_email(kind: str, values: dict[str, str]) -> str:
    """The text of a mail; a missing value is an error and never an empty place."""
    return TEMPLATES[kind].substitute(values)


def send_once(
    kind: str,
    order_number: str,
    values: dict[str, str],
    was_sent: Callable[[str, str], bool],
    send: Callable[[str], None],
) -> bool:
    """Send a mail unless it was sent before. True if it was sent now."""
    if was_sent(order_number, kind):
        return False
    send(render_email(kind, values))
    return True
