"""What the sandbox's Linear tells by webhooks. https://linear.app/developers/webhooks."""

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sync_assets.sandbox.linear.records import Attachment, Comment, Issue, Named, Team
from sync_assets.sandbox.linear.world import ORGANIZATION, LinearNews, LinearWorld
from sync_assets.sandbox.subscriptions import Subscriptions

SIGNATURE = "Linear-Signature"


def sign(body: bytes, secret: str, _: datetime) -> dict[str, str]:
    """The signed time stands in the body; the delivery's id is not signed."""
    made = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    name = hashlib.sha256(body).hexdigest()
    return {SIGNATURE: made, "Linear-Delivery": str(uuid.uuid5(uuid.NAMESPACE_URL, name))}


def tell_events(world: LinearWorld, subscriptions: Subscriptions) -> None:
    """Whatever happens from now on is told to who subscribed."""
    world.subscribe = subscriptions.add
    world.watchers.append(lambda news: subscriptions.tell(event(news, world.now)))


def event(news: LinearNews, now: datetime) -> dict[str, Any]:
    """A call's body."""
    shown = {
        "action": news.action,
        "type": news.kind,
        "createdAt": _time(now),
        "organizationId": ORGANIZATION,
        "webhookTimestamp": round(now.timestamp() * 1000),
        "webhookId": "webhook-sandbox",
        "data": _data(news.record),
    }
    return shown | ({"updatedFrom": dict(news.former)} if news.former else {})


def _data(record: Issue | Comment | Attachment | Named) -> Mapping[str, Any]:
    times = {"createdAt": _time(record.created_at), "updatedAt": _time(record.updated_at)}
    match record:
        case Issue():
            more = {"number": record.number, "description": record.description}
            shown = {**_issue(record), **more, "stateId": record.state.id, "url": record.url}
        case Comment():
            about = {"issueId": record.issue.id, "issue": _issue(record.issue)}
            shown = {"id": record.id, "body": record.body, "parentId": record.parent_id, **about}
        case Attachment():
            about = {"title": record.title, "url": record.url, "issueId": record.issue.id}
            shown = {"id": record.id, **about}
        case Named():
            shown = {"id": record.id, "name": record.name, "color": record.color}
    return shown | times


def _issue(issue: Issue) -> dict[str, Any]:
    return {
        "id": issue.id,
        "title": issue.title,
        "identifier": issue.identifier,
        "teamId": issue.team.id,
        "team": _team(issue.team),
    }


def _team(team: Team) -> dict[str, str]:
    return {"id": team.id, "key": team.key, "name": team.name}


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
