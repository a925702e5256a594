"""The ledger: every movement of money, written once and never changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shop.money import Money

Kind = Literal["payment", "refund", "fee", "chargeback"]


@dataclass(frozen=True)
class LedgerEntry:
    entry_id: str
    order_number: str
    kind: Kind
    amount: Money
    booked_at: datetime


def balance(entries: list[LedgerEntry]) -> Money:
    """What is left of an order after refunds, fees and chargebacks."""
    total = Money(0)
    for entry in entries:
        total = total + entry.amount if entry.kind == "payment" else total - entry.amount
    return total


def find_differences(
    ours: list[LedgerEntry], providers: list[LedgerEntry]
) -> dict[str, tuple[Money | None, Money | None]]:
    """The nightly comparison with the provider's statement: entry id -> our and their amount."""
    left = {entry.entry_id: entry.amount for entry in ours}
    right = {entry.entry_id: entry.amount for entry in providers}
    return {
        key: (left.get(key), right.get(key))
        for key in left.keys() | right.keys()
        if left.get(key) != right.get(key)
    }
