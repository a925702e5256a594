"""Sending things back."""

from dataclasses import dataclass
from datetime import date, timedelta

RETURN_WINDOW = timedelta(days=30)


@dataclass(frozen=True)
class ReturnRequest:
    order_number: str
    sku: str
    reason: str
    opened: bool


def return_deadline(delivered_on: date) -> date:
    """The last day on which a parcel may be sent back: thirty days after its delivery."""
    return delivered_on + RETURN_WINDOW


def return_problems(request: ReturnRequest, delivered_on: date, today: date) -> list[str]:
    """Why a return cannot be accepted; empty if it can."""
    problems: list[str] = []
    if today > return_deadline(delivered_on):
        problems.append("The thirty days are over.")
    if request.opened and request.sku.startswith("CARE-"):
        problems.append("Opened oil and wax cannot be sent back.")
    return problems


def needs_inspection(request: ReturnRequest) -> bool:
    """Broken tools are looked at by the workshop before the refund is made."""
    return request.reason == "broken"
