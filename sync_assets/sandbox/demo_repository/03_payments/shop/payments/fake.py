"""A payment provider for laptops and tests: it pays everything but the amount of 13.13."""

from dataclasses import replace

from shop.money import Money
from shop.payments.provider import Payment

UNLUCKY = Money(13_13)


class FakeProvider:
    def __init__(self) -> None:
        self._payments: dict[str, Payment] = {}

    def create_payment(self, order_number: str, amount: Money) -> Payment:
        payment_id = f"fake_{len(self._payments) + 1}"
        status = "failed" if amount == UNLUCKY else "paid"
        payment = Payment(payment_id, order_number, amount, status, f"/fake/{payment_id}")
        self._payments[payment_id] = payment
        return payment

    def get_payment(self, payment_id: str) -> Payment:
        return self._payments[payment_id]

    def refund_payment(self, payment_id: str, amount: Money) -> Payment:
        refunded = replace(self._payments[payment_id], status="refunded")
        self._payments[payment_id] = refunded
        return refunded
