"""Calls as the vendors make them: a body, and the headers that belong to it."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

SECRET = "It's a Secret to Everybody"


def signed(
    vendor: str,
    payload: object,
    now: datetime,
    *,
    secret: str = SECRET,
    event: str = "push",
    delivery_id: str = "72d3162e-cc78-11e3-81ab-4c9367dc0958",
) -> tuple[dict[str, str], bytes]:
    """The headers, in lower case, and the body."""
    if vendor == "linear":
        fields = cast("dict[str, Any]", payload)
        payload = {"webhookTimestamp": round(now.timestamp() * 1000), **fields}
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    key = secret.encode()
    sha256 = hmac.new(key, body, hashlib.sha256).hexdigest()
    seconds = str(int(now.timestamp()))
    base = b"v0:" + seconds.encode() + b":" + body
    by_vendor: Mapping[str, dict[str, str]] = {
        "github": {
            "x-hub-signature-256": f"sha256={sha256}",
            "x-github-event": event,
            "x-github-delivery": delivery_id,
        },
        "vercel": {"x-vercel-signature": hmac.new(key, body, hashlib.sha1).hexdigest()},
        "linear": {"linear-signature": sha256, "linear-delivery": delivery_id},
        "notion": {"x-notion-signature": f"sha256={sha256}"},
        "slack": {
            "x-slack-request-timestamp": seconds,
            "x-slack-signature": f"v0={hmac.new(key, base, hashlib.sha256).hexdigest()}",
        },
    }
    return {"content-type": "application/json", **by_vendor[vendor]}, body


PUSH: dict[str, Any] = {
    "ref": "refs/heads/main",
    "before": "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
    "after": "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c",
    "created": False,
    "deleted": False,
    "forced": False,
    "repository": {
        "full_name": "owner/name",
        "node_id": "R_1",
        "default_branch": "main",
        "pushed_at": 1767225600,
    },
}

SAMPLES: Mapping[str, dict[str, Any]] = {
    "github": PUSH,
    "vercel": {
        "id": "evt_1",
        "type": "deployment.succeeded",
        "createdAt": 1767225600123,
        "region": "sfo1",
        "payload": {
            "deployment": {"id": "dpl_1", "meta": {}, "url": "shop.vercel.app", "name": "shop"},
            "project": {"id": "prj_1"},
            "team": {"id": "team_1"},
        },
    },
    "linear": {
        "action": "update",
        "type": "Issue",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "organizationId": "org",
        "data": {"id": "issue-1", "teamId": "team-1", "team": {"id": "team-1", "key": "ENG"}},
        "updatedFrom": {"teamId": "team-0"},
    },
    "notion": {
        "id": "event-1",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "workspace_id": "workspace",
        "type": "page.content_updated",
        "attempt_number": 1,
        "entity": {"id": "153104cd-477e-809d-8dc4-ff2d96ae3090", "type": "page"},
        "data": {
            "parent": {
                "id": "36cc9195-760f-4fff-a67e-3a46c559b176",
                "type": "database",
                "data_source_id": "98024f3c-b1d3-4aec-a301-f01e0dacf023",
            }
        },
    },
    "slack": {
        "type": "event_callback",
        "team_id": "T1",
        "event_id": "Ev1",
        "event_time": 1767225600,
        "event": {
            "type": "message",
            "channel": "C0123",
            "text": "hello",
            "ts": "1767225600.000200",
            "thread_ts": "1767225500.000100",
        },
    },
}
"""A payload of each vendor that changes a document."""
