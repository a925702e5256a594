"""What the receiver answers: one word a call, the same for all calls of its kind."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from sync_assets.models import Answer

Outcome = Literal[
    "accepted",
    "swept",
    "duplicate",
    "unregistered",
    "ignored",
    "challenge",
    "handshake",
    "malformed",
    "bad_signature",
    "unknown",
    "incomplete",
    "too_large",
    "unsupported",
    "failed",
    "no_secret",
    "crowded",
    "unavailable",
]
"""What became of a call; docs/webhooks.md says what each means and what to do."""

STATUS: Mapping[Outcome, int] = MappingProxyType(
    {
        "accepted": 200,
        "swept": 200,
        "duplicate": 200,
        "unregistered": 200,
        "ignored": 200,
        "challenge": 200,
        "handshake": 200,
        "malformed": 400,
        "bad_signature": 401,
        "unknown": 404,
        "incomplete": 408,
        "too_large": 413,
        "unsupported": 415,
        "failed": 500,
        "no_secret": 503,
        "crowded": 503,
        "unavailable": 503,
    }
)


class DeliveryAnswer(Answer):
    """The body of every answer to a webhook, but of one that is to repeat a challenge."""

    outcome: Outcome


class HealthAnswer(Answer):
    """The body of `/healthz` and `/readyz`."""

    status: Literal["alive", "ready", "unavailable"]


class Refused(Exception):
    """The call is answered with this outcome, and nothing else is done."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome: Outcome = outcome
