"""The payment provider as we use it: create a payment, read it, refund it."""

from dataclasses import dataclass
from typing import Literal, Protocol

from shop.money import Money

PaymentStatus = Literal["open", "authorized", "paid", "failed", "expired", "refunded"]


@dataclass(frozen=True)
class Payment:
    payment_id: str
    order_number: str
    amount: Money
    status: PaymentStatus
    checkout_url: str


class PaymentProvider(Protocol):
    """What a provider must offer. `shop.payments.fake` is the one that laptops use."""

    def create_payment(self, order_number: str, amount: Money) -> Payment: ...

    def get_payment(self, payment_id: str) -> Payment: ...

    def refund_payment(self, payment_id: str, amount: Money) -> Payment: ...


def is_final(status: PaymentStatus) -> bool:
    """Final payments never change again, whatever a late message says."""
    return status in ("paid", "failed", "expired", "refunded")
