"""`POST /webhooks/{connector}`: a call is answered 200 when it is stored durably, not before.

Nothing of a call is logged: not its body, not its headers, not the text of an error that could
quote them.
"""

import asyncio
import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sync_assets.connectors.webhook import Answer, Webhook
from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.control.database import Clock
from sync_assets.control.handshakes import Handshakes
from sync_assets.control.intake import Intake
from sync_assets.errors import MalformedDelivery, StoreUnavailable
from sync_assets.server.answers import STATUS, DeliveryAnswer, Outcome, Refused
from sync_assets.server.bodies import Bodies
from sync_assets.server.metrics import DeliveryCounts
from sync_assets.server.verdict import Store, verdict
from sync_assets.settings import Settings

UNKNOWN = "unknown"
"""The connector of calls to one that there is not, where they are counted."""
_UNREAD: frozenset[Outcome] = frozenset({"too_large", "crowded", "incomplete"})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Receiver:
    """All that an answer depends on."""

    settings: Settings
    handshakes: Handshakes
    intake: Intake
    bodies: Bodies
    counts: DeliveryCounts
    clock: Clock

    async def receive(self, request: Request) -> Response:
        """Every call has an outcome, and every outcome is counted."""
        name: str = request.path_params["connector"]
        webhook = WEBHOOKS.get(name)
        answer: Answer | None = None
        try:
            outcome, answer = await self._outcome(webhook, request)
        except Refused as refused:
            outcome = refused.outcome
        except MalformedDelivery as error:
            outcome = "malformed"
            _log.warning("%s: a call that is signed well is not understood: %s", name, error)
        except StoreUnavailable as error:
            outcome = "unavailable"
            _log.error("%s: a call is not stored: %s", name, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text may quote the call
            outcome = "failed"
            where = "".join(traceback.format_tb(error.__traceback__))
            _log.error("%s: a bug, %s:\n%s", name, type(error).__name__, where)
        self.counts.count(UNKNOWN if webhook is None else name, outcome)
        return _response(outcome, answer)

    async def _outcome(
        self, webhook: Webhook | None, request: Request
    ) -> tuple[Outcome, Answer | None]:
        if webhook is None:
            raise Refused("unknown")
        if not _is_json(request.headers.get("content-type", "")):
            raise Refused("unsupported")
        name = webhook.name
        secrets = self.settings.webhook_secrets(name)
        secrets = secrets or await asyncio.to_thread(self._told, name)
        if not secrets:
            return await self._handshake(webhook, request), None
        async with self.bodies.body(request) as body:
            # In a thread: to hash and parse 25 MB takes a while, and others are to be answered.
            asked = await asyncio.to_thread(
                verdict, webhook, dict(request.headers), body, secrets, self.clock()
            )
        if isinstance(asked, Answer):
            return "challenge", asked
        if isinstance(asked, Store):
            receipt = await asyncio.wrap_future(self.intake.put(asked.incoming))
            return asked.outcome if receipt == "accepted" else receipt, None
        return asked, None

    def _told(self, connector: str) -> tuple[str, ...]:
        """The key that the vendor told, for where settings have none."""
        key = self.handshakes.key(connector)
        return (key,) if key else ()

    async def _handshake(self, webhook: Webhook, request: Request) -> Outcome:
        """Without a secret nothing is believed but, in its time, the call that tells it."""
        if not await asyncio.to_thread(self.handshakes.is_open, webhook.name):
            return "no_secret"
        async with self.bodies.body(request) as body:
            told = webhook.handshake(body)
        if told is None or not await asyncio.to_thread(
            self.handshakes.accept, webhook.name, told.key
        ):
            return "no_secret"
        place = self.handshakes.place(webhook.name)
        _log.info("%s has told its key: it is kept in %s", webhook.name, place)
        return "handshake"


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "application/json"


def _response(outcome: Outcome, answer: Answer | None) -> Response:
    body: Mapping[str, object] = (
        DeliveryAnswer(outcome=outcome).model_dump() if answer is None else answer.body
    )
    # What was not read to its end is not read: the connection cannot be used again.
    headers = {"connection": "close"} if outcome in _UNREAD else None
    return JSONResponse(body, STATUS[outcome], headers)
