"""What the sandbox's Vercel tells by webhooks. https://vercel.com/docs/webhooks/webhooks-api."""

import hashlib
import hmac
from datetime import datetime
from itertools import count
from typing import Any

from sync_assets.sandbox.subscriptions import Subscriptions
from sync_assets.sandbox.vercel.world import TEAM, Deployment, VercelWorld

SIGNATURE = "x-vercel-signature"
_ADDRESS = "https://{name}-{id}.vercel.app"


def sign(body: bytes, secret: str, _: datetime) -> dict[str, str]:
    """SHA-1 of the body; no time is signed."""
    return {SIGNATURE: hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()}


def tell_events(world: VercelWorld, subscriptions: Subscriptions) -> None:
    """Whatever happens to deployments from now on is told to who subscribed."""
    numbers = count(1)

    def told(kind: str, deployment: Deployment) -> None:
        payload = event(kind, deployment, next(numbers), world.now)
        subscriptions.tell(payload)

    world.watchers.append(told)


def event(kind: str, deployment: Deployment, number: int, now: int) -> dict[str, Any]:
    """A call's body: `kind` is `deployment.created` and the like."""
    project = deployment.project
    address = _ADDRESS.format(name=project.name, id=deployment.id[-8:])
    return {
        "id": f"evt_{hashlib.sha256(f'event {number}'.encode()).hexdigest()[:24]}",
        "type": kind,
        "createdAt": now,
        "region": "sfo1",
        "payload": {
            "team": {"id": TEAM},
            "user": {"id": "mara"},
            "deployment": {
                "id": deployment.id,
                "meta": dict(deployment.meta),
                "url": address.removeprefix("https://"),
                "name": project.name,
            },
            "links": {
                "deployment": address,
                "project": f"https://vercel.com/{TEAM}/{project.name}",
            },
            "target": deployment.target,
            "project": {"id": project.id},
            "plan": "pro",
            "regions": ["sfo1"],
        },
    }
