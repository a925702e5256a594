"""What a call asks for. Pure: headers, body, secrets and the time in, a verdict out."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sync_assets.connectors.webhook import Answer, Event, Webhook, sweep_id
from sync_assets.control.filing import Incoming
from sync_assets.errors import BadSignature, OutsideWindow
from sync_assets.server.answers import Outcome

SWEEP = "sweep"
"""The subject of what only says that something happened: one sweep answers any number of them."""


@dataclass(frozen=True, slots=True)
class Store:
    """To be stored; `outcome` is the answer if it is new."""

    incoming: Incoming
    outcome: Outcome = "accepted"


Verdict = Store | Answer | Outcome


def verdict(
    webhook: Webhook,
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[str],
    now: datetime,
) -> Verdict:
    """Of a call to a vendor that has a secret. Raises MalformedDelivery."""
    on_time = True
    try:
        webhook.verify(headers, body, secrets, now)
    except BadSignature:
        return "handshake" if _is_known_key(webhook, body, secrets) else "bad_signature"
    except OutsideWindow:
        on_time = False
    parsed = webhook.parse(headers, body)
    if isinstance(parsed, Event):
        return Store(_incoming(webhook, parsed)) if on_time else _sweep(webhook, parsed, body)
    if isinstance(parsed, Answer) and on_time:
        return parsed
    return "ignored"


def _is_known_key(webhook: Webhook, body: bytes, secrets: Sequence[str]) -> bool:
    """A vendor that tells its key again, because it saw no answer, or an operator asked it to."""
    told = webhook.handshake(body)
    if told is None:
        return False
    return any(hmac.compare_digest(told.key.encode(), each.encode()) for each in secrets)


def _incoming(webhook: Webhook, event: Event) -> Incoming:
    return Incoming(
        webhook.name,
        event.delivery_id,
        event.kind,
        partial(webhook.concerns, event),
        event.streams,
        event.subject,
        event.hints,
        event.at,
        event.sweep,
        event.ends,
        event.places[0] if event.renamed_from else None,
    )


def _sweep(webhook: Webhook, event: Event, body: bytes) -> Store:
    """Nothing of what an old or early call says is acted on, but that there was something."""
    concerns = partial(webhook.concerns, event)
    incoming = Incoming(
        webhook.name, sweep_id(body), event.kind, concerns, event.streams, SWEEP, sweep=True
    )
    return Store(incoming, "swept")
