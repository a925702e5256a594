"""What the sandbox's Slack tells by its Events API. https://docs.slack.dev/apis/events-api."""

import hashlib
import hmac
from datetime import datetime
from itertools import count
from typing import Any

from sync_assets.sandbox.slack.shapes import message as message_shape
from sync_assets.sandbox.slack.world import TEAM, SlackNews, SlackWorld
from sync_assets.sandbox.subscriptions import Subscriptions

SIGNATURE = "X-Slack-Signature"


def sign(body: bytes, secret: str, at: datetime) -> dict[str, str]:
    """The time is signed with the body."""
    seconds = str(int(at.timestamp()))
    made = hmac.new(secret.encode(), b"v0:" + seconds.encode() + b":" + body, hashlib.sha256)
    return {"X-Slack-Request-Timestamp": seconds, SIGNATURE: f"v0={made.hexdigest()}"}


def tell_events(world: SlackWorld, subscriptions: Subscriptions) -> None:
    """Whatever is said, changed or deleted from now on is told to who subscribed."""
    numbers = count(1)
    world.watchers.append(lambda news: subscriptions.tell(envelope(news, next(numbers), world.now)))


def envelope(news: SlackNews, number: int, now: datetime) -> dict[str, Any]:
    """A call's body."""
    event_id = f"Ev{hashlib.sha256(f'event {number}'.encode()).hexdigest()[:9].upper()}"
    return {
        "token": "unused",
        "team_id": TEAM,
        "api_app_id": "A0SANDBOX",
        "event": event(news, f"{now.timestamp():.6f}"),
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(now.timestamp()),
    }


def event(news: SlackNews, at: str) -> dict[str, Any]:
    """An edit and a deletion have a time of their own; the message that is meant stands inside."""
    shown = message_shape(news.channel, news.message)
    around = {"channel": news.channel.id, "channel_type": "channel", "event_ts": at}
    if news.action == "posted":
        return shown | around
    changed = {"type": "message", "ts": at, "hidden": True, **around}
    if news.action == "edited":
        return changed | {"subtype": "message_changed", "message": shown}
    gone = {"deleted_ts": news.message.ts, "previous_message": shown}
    return changed | {"subtype": "message_deleted", **gone}
