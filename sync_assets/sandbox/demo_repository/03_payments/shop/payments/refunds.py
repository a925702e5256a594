"""Giving money back."""

from shop.money import Money
from shop.payments.provider import Payment, PaymentProvider

APPROVAL_FROM = Money(200_00)


class RefundRefused(Exception):
    """The refund breaks a rule; the message says which."""


def refundable_amount(payment: Payment, already_refunded: Money) -> Money:
    """What may still be given back of a payment."""
    if payment.status != "paid":
        return Money(0, payment.amount.currency)
    return payment.amount - already_refunded


def refund(
    payment: Payment,
    amount: Money,
    already_refunded: Money,
    provider: PaymentProvider,
    approved_by: str | None,
) -> Payment:
    """Refund a part or the whole; large refunds need the name of a second person."""
    if amount > refundable_amount(payment, already_refunded):
        raise RefundRefused("more than was paid")
    if amount >= APPROVAL_FROM and approved_by is None:
        raise RefundRefused("refunds from 200 euros on need a second person")
    return provider.refund_payment(payment.payment_id, amount)
