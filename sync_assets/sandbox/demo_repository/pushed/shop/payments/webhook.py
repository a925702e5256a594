"""Messages from the payment provider. A message is a hint: the truth is read from the provider."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta

from shop.payments.provider import PaymentProvider, PaymentStatus

RETRY_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))


class BadSignature(Exception):
    """The message was not signed with our key; answer 401 and do nothing."""


def verify_signature(body: bytes, signature: str, key: bytes) -> None:
    """Compare in constant time, on the raw bytes, before anything is parsed."""
    expected = hmac.new(key, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signature):
        raise BadSignature


def handle_payment_event(
    payment_id: str,
    provider: PaymentProvider,
    update_order: Callable[[str, PaymentStatus], None],
) -> None:
    """Read the payment and move its order. Calling this twice changes nothing the second time."""
    payment = provider.get_payment(payment_id)
    update_order(payment.order_number, payment.status)


def next_webhook_retry(failed_attempts: int) -> timedelta | None:
    """How long to wait before a failed payment webhook is retried; None: to the dead letter queue.

    Six retries over about seventeen hours outlast every outage the provider has had so far.
    """
    if failed_attempts > len(RETRY_DELAYS):
        return None
    return RETRY_DELAYS[failed_attempts - 1]
