"""What the sandbox's Notion tells by webhooks: signals without content.

https://developers.notion.com/reference/webhooks-events-delivery

Notion gathers what happens within a minute; here each change is told by itself.
"""

import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime
from itertools import count
from typing import Any

from sync_assets.sandbox.notion.records import Comment, Page
from sync_assets.sandbox.notion.world import VERSION, NotionNews, NotionWorld
from sync_assets.sandbox.post import Letter
from sync_assets.sandbox.subscriptions import Subscriptions

SIGNATURE = "X-Notion-Signature"


def sign(body: bytes, secret: str, _: datetime) -> dict[str, str]:
    """No time is signed."""
    return {SIGNATURE: f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"}


def tell_key(subscriptions: Subscriptions, url: str, key: str) -> None:
    """The first call, which nothing signs: from then on this key does."""
    body = json.dumps({"verification_token": key}).encode()
    headers = {"Content-Type": "application/json"}
    subscriptions.post.send(Letter(url, headers, body, "Content-Type"))


def tell_events(world: NotionWorld, subscriptions: Subscriptions) -> None:
    """Whatever happens to pages from now on is told to who subscribed."""
    numbers = count(1)
    world.watchers.append(lambda news: subscriptions.tell(event(world, news, next(numbers))))


def event(world: NotionWorld, news: NotionNews, number: int) -> dict[str, Any]:
    """A call's body."""
    made = hashlib.sha256(f"event {number}".encode()).hexdigest()[:32]
    entity = "comment" if isinstance(news.record, Comment) else "page"
    return {
        "id": str(uuid.UUID(made)),
        "timestamp": _time(world.now),
        "workspace_id": "workspace-acme",
        "workspace_name": "Acme",
        "subscription_id": "subscription-sandbox",
        "integration_id": "integration-sandbox",
        "authors": [{"id": world.user.id, "type": "person"}],
        "attempt_number": 1,
        "api_version": VERSION,
        "type": news.kind,
        "entity": {"id": news.record.id, "type": entity},
        "data": _data(world, news.record),
    }


def _data(world: NotionWorld, record: Page | Comment) -> dict[str, Any]:
    if isinstance(record, Comment):
        kind = "block" if record.on_block else "page"
        page = world.page_of(record.parent).id
        return {"page_id": page, "parent": {"id": record.parent, "type": kind}}
    database = world.sources[record.source].database
    parent = {"id": database, "type": "database", "data_source_id": record.source}
    return {"parent": parent}


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
