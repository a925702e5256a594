"""Slack's Events API. Pure.

https://docs.slack.dev/authentication/verifying-requests-from-slack
https://docs.slack.dev/apis/events-api
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from pydantic import JsonValue

from sync_assets.connectors.webhook import (
    EVERYWHERE,
    Answer,
    Event,
    Ignored,
    Parsed,
    Payload,
    Webhook,
    body_id,
    check_hmac,
    check_window,
    epoch_time,
)
from sync_assets.errors import BadSignature

WINDOW: Final = timedelta(seconds=300)
CONVERSATIONS: Final = "conversations"
_LONGEST_TIME: Final = 15
_ENDS: Final = {
    "channel_deleted": "Slack says that the channel was deleted",
    "channel_left": "Slack says that the bot left the channel",
    "group_left": "Slack says that the bot left the channel",
    "group_deleted": "Slack says that the channel was deleted",
    "app_uninstalled": "Slack says that the app was uninstalled",
    "tokens_revoked": "Slack says that the app's tokens were revoked",
}
_REREAD: Final = frozenset(
    {"channel_rename", "channel_archive", "channel_unarchive", "channel_history_changed"}
)


class SlackWebhook(Webhook):
    """Calls of an app's event subscription; the time is signed with the body."""

    name = "slack"

    def verify(
        self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
    ) -> None:
        told = headers.get("x-slack-request-timestamp", "")
        message = b"v0:" + told.encode("utf-8", "surrogateescape") + b":" + body
        check_hmac("sha256", headers.get("x-slack-signature", ""), "v0=", message, secrets)
        whole = told.isascii() and told.isdigit() and len(told) <= _LONGEST_TIME
        at = epoch_time(int(told)) if whole else None
        if at is None:
            raise BadSignature("The signed time is missing")
        check_window(at, now, WINDOW)

    def parse(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - the body says it all
        body: bytes,
    ) -> Parsed:
        payload = Payload.parse(body)
        kind = payload.required("type")
        if kind == "url_verification":
            return Answer({"challenge": payload.required("challenge")})
        if kind == "app_rate_limited":
            # Nothing says which events were dropped.
            at = epoch_time(payload.number("minute_rate_limited"))
            where, subject = (EVERYWHERE,), "workspace"
            return Event(body_id(body), kind, where, subject=subject, at=at, sweep=True)
        if kind != "event_callback":
            return Ignored("an event that changes no document of ours")
        at = epoch_time(payload.number("event_time"))
        return _event(payload.child("event"), payload.required("event_id"), at)


def _event(event: Payload, delivery_id: str, at: datetime | None) -> Parsed:
    kind = event.required("type")
    channel = event.text("channel") or event.text("channel", "id")
    if kind == "message":
        return _message(event, delivery_id, at)
    if kind in _ENDS or kind in _REREAD:
        return Event(
            delivery_id,
            kind,
            (channel or EVERYWHERE,),
            (CONVERSATIONS,),
            "channel",
            at=at,
            sweep=kind == "channel_history_changed",
            ends=_ENDS.get(kind),
        )
    return Ignored("an event that changes no document of ours")


def _message(event: Payload, delivery_id: str, at: datetime | None) -> Event:
    """The thread is what is read again. An edit or a deletion has a time of its own outside; the
    message that is meant stands inside.
    """
    channel, subtype = event.required("channel"), event.text("subtype")
    if subtype == "message_deleted":
        before = event.child("previous_message")
        message = event.required("deleted_ts")
        thread = before.text("thread_ts") or message
    elif subtype in {"message_changed", "message_replied"}:
        message = event.required("message", "ts")
        thread = event.text("message", "thread_ts") or message
    else:
        message = event.required("ts")
        thread = event.text("thread_ts") or message
    hints: dict[str, JsonValue] = {"thread_ts": thread, "ts": message}
    if subtype == "message_deleted":
        hints["gone"] = True
    return Event(
        delivery_id,
        f"message.{subtype}" if subtype else "message",
        (channel,),
        (CONVERSATIONS,),
        f"thread:{thread}",
        hints,
        at=at,
    )
