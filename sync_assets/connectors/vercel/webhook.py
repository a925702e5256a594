"""Vercel's webhooks. Pure.

https://vercel.com/docs/webhooks/webhooks-api
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sync_assets.connectors.vercel.scope import scope_of
from sync_assets.connectors.webhook import (
    EVERYWHERE,
    Event,
    Ignored,
    Parsed,
    Payload,
    Webhook,
    check_hmac,
    epoch_time,
)
from sync_assets.models import Source

DEPLOYMENTS = "deployments"


class VercelWebhook(Webhook):
    """Calls of an account's webhook. SHA-1, and no signed time: Vercel has no other."""

    name = "vercel"

    def verify(
        self,
        headers: Mapping[str, str],
        body: bytes,
        secrets: Sequence[str],
        now: datetime,  # noqa: ARG002 - no time is signed
    ) -> None:
        check_hmac("sha1", headers.get("x-vercel-signature", ""), "", body, secrets)

    def parse(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - the body says it all
        body: bytes,
    ) -> Parsed:
        envelope = Payload.parse(body)
        kind, delivery_id = envelope.required("type"), envelope.required("id")
        payload = envelope.child("payload")
        created_at = envelope.number("createdAt")
        at = epoch_time(None if created_at is None else created_at / 1000)
        if kind.startswith("deployment."):
            # Older hooks have the ids beside the objects.
            deployment = payload.text("deployment", "id") or payload.required("deploymentId")
            return Event(
                delivery_id,
                kind,
                _project(payload),
                (DEPLOYMENTS,),
                f"deployment:{deployment}",
                {"deployment": deployment},
                at=at,
            )
        if kind in {"project.removed", "project.renamed"}:
            ends = "Vercel says that the project was removed" if kind == "project.removed" else None
            return Event(delivery_id, kind, _project(payload), subject="project", at=at, ends=ends)
        return Ignored("an event that changes no document of ours")

    def concerns(self, event: Event, source: Source) -> bool:
        """An event tells its project alone: it may be of any team, whose token will tell."""
        project = scope_of(source.scope).project
        places = {place.casefold() for place in event.places}
        return EVERYWHERE in places or project is None or project.casefold() in places


def _project(payload: Payload) -> tuple[str, ...]:
    names = [
        payload.text("project", "id"),
        payload.text("projectId"),
        payload.text("project", "name"),
        payload.text("deployment", "name"),
        payload.text("name"),
    ]
    return tuple(dict.fromkeys(name for name in names if name)) or (EVERYWHERE,)
