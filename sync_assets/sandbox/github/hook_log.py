"""REST over what one hook sent, and sending it again.

https://docs.github.com/en/rest/repos/webhooks
https://docs.github.com/en/rest/apps/webhooks
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sync_assets.sandbox.github.answers import base_url, failure, not_found
from sync_assets.sandbox.github.hooks import Attempt, Hook, Hooks
from sync_assets.sandbox.github.times import time_text

_OUTCOMES: Mapping[str, range] = {"success": range(200, 400), "failure": range(400, 600)}
_MOST, _DEFAULT = 100, 30
_CURSOR = "v1_"


@dataclass(frozen=True, slots=True)
class HookLog:
    """The log of one hook, as one request asks for it; of one attempt by `delivery` in its path."""

    request: Request
    hooks: Hooks
    hook: Hook

    def page(self) -> Response:
        """The newest first; `cursor` names the last one of the page before."""
        query = self.request.query_params
        found = self.hooks.log(self.hook)
        if status := query.get("status"):
            if status not in _OUTCOMES:
                return failure(400, "status is success or failure")
            found = [each for each in found if each.outcome.status in _OUTCOMES[status]]
        if cursor := query.get("cursor"):
            last = cursor.removeprefix(_CURSOR)
            if not last.isdecimal():
                return failure(400, "Invalid cursor")
            found = [each for each in found if each.number < int(last)]
        asked = query.get("per_page", "")
        size = min(_MOST, int(asked)) if asked.isdecimal() and int(asked) else _DEFAULT
        shown = found[:size]
        link = {}
        if len(found) > size:
            more = dict(query) | {"cursor": f"{_CURSOR}{shown[-1].number}"}
            address = f"{base_url(self.request)}{self.request.url.path}?{urlencode(more)}"
            link = {"link": f'<{address}>; rel="next"'}
        return JSONResponse([_summary(each) for each in shown], headers=link)

    def delivery(self) -> Response:
        """One attempt, with what was sent and what was answered."""
        attempt = self._attempt
        if attempt is None:
            return not_found()
        outcome = attempt.outcome
        shown = _summary(attempt) | {
            "url": self.hook.url,
            "request": {"headers": dict(attempt.headers), "payload": attempt.payload},
            "response": {"headers": dict(outcome.headers), "payload": outcome.body},
        }
        return JSONResponse(shown)

    def redeliver(self) -> Response:
        """The same again."""
        attempt = self._attempt
        if attempt is None:
            return not_found()
        self.hooks.redeliver(self.hook, attempt)
        return JSONResponse({}, 202)

    @property
    def _attempt(self) -> Attempt | None:
        asked = self.request.path_params["delivery"]
        return next((each for each in self.hooks.log(self.hook) if each.number == asked), None)


def _summary(attempt: Attempt) -> dict[str, object]:
    outcome = attempt.outcome
    return {
        "id": attempt.number,
        "guid": attempt.guid,
        "delivered_at": time_text(attempt.delivered_at),
        "redelivery": attempt.redelivery,
        "duration": round(outcome.seconds, 2),
        "status": outcome.text,
        "status_code": outcome.status,
        "event": attempt.event,
        "action": attempt.action,
        "installation_id": _id_of(attempt, "installation"),
        "repository_id": _id_of(attempt, "repository"),
        "throttled_at": None,
    }


def _id_of(attempt: Attempt, name: str) -> object:
    """The number of what the payload names."""
    shown = attempt.payload.get(name)
    return cast("dict[str, object]", shown)["id"] if isinstance(shown, dict) else None
