"""Who is let in, how often, and how a list is cut into pages, as at Notion.

https://developers.notion.com/reference/request-limits
https://developers.notion.com/reference/intro#pagination
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sync_assets.sandbox.notion.content import Json
from sync_assets.sandbox.notion.shapes import failure
from sync_assets.sandbox.notion.world import VERSION, NotionWorld

_MINUTE = 60
_MOST = 100


class Failed(Exception):
    """An error's status, code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass(slots=True)
class Window:
    """The minute that is counted now."""

    begun: float = 0.0
    used: int = 0


@dataclass(frozen=True, slots=True)
class Gate:
    """Of one workspace."""

    world: NotionWorld
    _window: Window = field(default_factory=Window)

    def refusal(self) -> Response | None:
        """429 where the minute's budget is spent, 529 where the service is overloaded."""
        if self.world.overloads:
            self.world.overloads -= 1
            body = failure(529, "service_overload", "The service is overloaded.")
            return JSONResponse(body, 529, {"retry-after": "2"})
        most = self.world.requests_a_minute
        if most is None:
            return None
        now, window = self.world.now.timestamp(), self._window
        if now >= window.begun + _MINUTE:
            window.begun, window.used = now, 0
        window.used += 1
        if window.used <= most:
            return None
        why = {"rate_limit_reason": "public_api_request_rate_limit"}
        body = failure(429, "rate_limited", "You are rate limited.", additional_data=why)
        wait = max(1, round(window.begun + _MINUTE - now))
        return JSONResponse(body, 429, {"retry-after": str(wait)})

    def admit(self, request: Request) -> None:
        """Raises Failed for a wrong token or version."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.world.tokens:
            raise Failed(401, "unauthorized", "API token is invalid.")
        if request.headers.get("notion-version") != VERSION:
            raise Failed(400, "missing_version", f"Notion-Version header should be {VERSION}.")

    def listed(self, items: Sequence[Json], kind: str, asked: Mapping[str, str]) -> Json:
        """A page of a list. A cursor is the place of the next item."""
        size = int(asked.get("page_size", "100"))
        if not 1 <= size <= _MOST:
            raise Failed(400, "validation_error", "page_size should be 1 to 100.")
        start = _place(asked["start_cursor"]) if "start_cursor" in asked else 0
        end = start + min(size, self.world.most_a_page)
        more = end < len(items)
        if more and self.world.lies:
            self.world.lies -= 1
            more = False
        return {
            "object": "list",
            "results": [*items[start:end]],
            "next_cursor": _cursor(end) if more else None,
            "has_more": more,
            "type": kind,
            kind: {},
        }


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"next:{place}".encode()).decode()


def _place(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("next:"))
    except ValueError:
        raise Failed(400, "validation_error", "start_cursor is not valid.") from None
