"""Notion's webhooks. Pure.

https://developers.notion.com/reference/webhooks
https://developers.notion.com/reference/webhooks-events-delivery

The first call tells the key and is not signed. Later ones say what may have changed, minutes late,
in any order and up to eight times: `timestamp` is when it happened, so there is no window.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sync_assets.connectors.webhook import (
    EVERYWHERE,
    Event,
    Ignored,
    NewKey,
    Parsed,
    Payload,
    Webhook,
    check_hmac,
    iso_time,
)
from sync_assets.errors import MalformedDelivery
from sync_assets.models import Source

PAGES: Final = "pages"
_KEY: Final = "verification_token"


class NotionWebhook(Webhook):
    """Calls of a connection's webhook subscription."""

    name = "notion"

    def verify(
        self,
        headers: Mapping[str, str],
        body: bytes,
        secrets: Sequence[str],
        now: datetime,  # noqa: ARG002 - no time is signed
    ) -> None:
        check_hmac("sha256", headers.get("x-notion-signature", ""), "sha256=", body, secrets)

    def handshake(self, body: bytes) -> NewKey | None:
        try:
            payload = Payload.parse(body)
        except MalformedDelivery:
            return None
        key = payload.text(_KEY)
        return NewKey(key) if key and set(payload.members) == {_KEY} else None

    def parse(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - the body says it all
        body: bytes,
    ) -> Parsed:
        payload = Payload.parse(body)
        kind, delivery_id = payload.required("type"), payload.required("id")
        at = iso_time(payload.text("timestamp"))
        entity, data = payload.child("entity"), payload.child("data")
        family = kind.partition(".")[0]
        if family == "page":
            page = _plain(entity.required("id"))
        elif family == "comment":
            page = _plain(data.required("page_id"))
        elif family in {"data_source", "database"}:
            place = _plain(entity.required("id"))
            ends = f"Notion says that the {family.replace('_', ' ')} was deleted"
            return Event(
                delivery_id,
                kind,
                (place,) if family == "data_source" else (EVERYWHERE,),
                (PAGES,),
                f"{family}:{place}",
                at=at,
                sweep=True,
                ends=ends if kind.endswith(".deleted") else None,
            )
        else:
            return Ignored("an event that changes no document of ours")
        hints = {"page": page, "gone": True} if kind == "page.deleted" else {"page": page}
        # Where a page was before it moved is not said.
        places = (EVERYWHERE,) if kind == "page.moved" else _parents(data)
        return Event(delivery_id, kind, places, (PAGES,), f"page:{page}", hints, at=at)

    def concerns(self, event: Event, source: Source) -> bool:
        """Ids are written with and without dashes."""
        return EVERYWHERE in event.places or _plain(source.scope) in event.places


def _parents(data: Payload) -> tuple[str, ...]:
    """The data source of the page, where it is said; what lies deeper may be any source's."""
    parent = data.child("parent")
    place = parent.text("data_source_id")
    if place is None and parent.text("type") == "data_source":
        place = parent.text("id")
    return (_plain(place),) if place else (EVERYWHERE,)


def _plain(vendor_id: str) -> str:
    return vendor_id.replace("-", "").casefold()
