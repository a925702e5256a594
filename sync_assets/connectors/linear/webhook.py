"""Linear's webhooks. Pure.

https://linear.app/developers/webhooks
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from pydantic import JsonValue

from sync_assets.connectors.linear.connector import WORKSPACE
from sync_assets.connectors.webhook import (
    EVERYWHERE,
    Event,
    Ignored,
    Parsed,
    Payload,
    Webhook,
    check_hmac,
    check_window,
    epoch_time,
    iso_time,
    unsigned_id,
)
from sync_assets.errors import BadSignature
from sync_assets.models import Source

WINDOW: Final = timedelta(seconds=60)
ISSUES: Final = "issues"
RESOURCES: Final = (
    "Issue",
    "Comment",
    "Attachment",
    "Reaction",
    "IssueLabel",
    "Project",
    "Cycle",
)
"""What a webhook is to be told of."""
_PARTS: Final = frozenset({"Comment", "Attachment", "IssueAttachment", "Reaction"})
_SWEPT: Final = frozenset({"IssueLabel", "Project", "Cycle"})
"""Their names stand in issues, which themselves are not updated."""


class LinearWebhook(Webhook):
    """Calls of a team's or a workspace's webhook; the signed time stands in the body."""

    name = "linear"

    def verify(
        self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
    ) -> None:
        check_hmac("sha256", headers.get("linear-signature", ""), "", body, secrets)
        milliseconds = Payload.parse(body).number("webhookTimestamp")
        at = epoch_time(None if milliseconds is None else milliseconds / 1000)
        if at is None:
            raise BadSignature("The signed time is missing")
        check_window(at, now, WINDOW)

    def parse(self, headers: Mapping[str, str], body: bytes) -> Parsed:
        payload = Payload.parse(body)
        name, action = payload.required("type"), payload.required("action")
        data = payload.child("data")
        issue = data.text("id") if name == "Issue" else _issue_of(data)
        swept = name in _SWEPT and action != "create"
        if not swept and (issue is None or name not in {"Issue", *_PARTS}):
            return Ignored("an event that changes no document of ours")
        subject = f"issue:{issue}" if issue and not swept else f"{name}:{data.required('id')}"
        return Event(
            unsigned_id(headers.get("linear-delivery"), body),
            f"{name}.{action}",
            _teams(payload),
            (ISSUES,),
            subject,
            _hints(issue, gone=(name, action) == ("Issue", "remove")) if not swept else {},
            at=iso_time(payload.text("createdAt")),
            sweep=swept,
        )

    def concerns(self, event: Event, source: Source) -> bool:
        return source.scope == WORKSPACE or super().concerns(event, source)


def _hints(issue: str | None, *, gone: bool) -> Mapping[str, JsonValue]:
    """What is to be read again, and whether it is said to be there no more."""
    hints: dict[str, JsonValue] = {"issue": issue}
    return hints | ({"gone": True} if gone else {})


def _issue_of(data: Payload) -> str | None:
    return data.text("issueId") or data.text("issue", "id") or data.text("comment", "issueId")


def _teams(payload: Payload) -> tuple[str, ...]:
    """The issue's teams, the former one of an issue that moved too."""
    data = payload.child("data")
    names = [
        data.text("teamId"),
        data.text("team", "id"),
        data.text("team", "key"),
        data.text("issue", "teamId"),
        data.text("issue", "team", "key"),
        payload.text("updatedFrom", "teamId"),
    ]
    return tuple(dict.fromkeys(name for name in names if name)) or (EVERYWHERE,)
