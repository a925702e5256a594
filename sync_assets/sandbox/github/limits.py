"""GitHub's rate limits: primary budgets an hour, secondary limits a minute and at once.

https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

import json
import math
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync_assets.sandbox.access import Tokens, api_token
from sync_assets.sandbox.traffic import request_of

Resource = Literal["core", "graphql", "raw"]
_ANONYMOUS = "anonymous"
_WRITE_POINTS = 5
_MINUTE = 60
_FREE = re.compile(r"/api/v3/(rate_limit|app/.*|repos/[^/]+/[^/]+/installation)")
_DOCUMENTATION = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"
_EXHAUSTED = "API rate limit exceeded for user ID 1."
_SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)


class Window(NamedTuple):
    """What is spent since `begun`."""

    begun: float
    used: int


class Refusal(NamedTuple):
    """A request that met a limit: a client that keeps its budget never sees one."""

    resource: Resource
    limit: Literal["primary", "secondary", "at_once"]
    path: str


@dataclass(slots=True)
class Limits:
    """The numbers, which may be changed at any time, and what clients did to them.

    Budgets are kept by token; all who have none share one, as of one address. `raw` is that of the
    raw host and of archives together. `status` is how refusals are sent.
    """

    core: int = 5000
    anonymous: int = 60
    graphql: int = 5000
    raw: int = 5000
    window_seconds: float = 3600
    rest_points_a_minute: int = 900
    graphql_points_a_minute: int = 2000
    at_once: int = 100
    status: Literal[403, 429] = 403
    clock: Callable[[], float] = time.time
    highest_at_once: int = field(default=0, init=False)
    refused: list[Refusal] = field(default_factory=list[Refusal], init=False)
    spent: Counter[str] = field(default_factory=Counter[str], init=False)
    """Points ever spent, by resource."""
    owners: dict[str, str] = field(default_factory=dict[str, str], init=False)
    """Whose budget a token draws on, where that is not its own."""
    overspent: int = field(default=0, init=False)
    """Points that a query cost beyond what was left."""
    _now_at_once: int = field(default=0, init=False)
    _windows: dict[tuple[str, str], Window] = field(
        default_factory=dict[tuple[str, str], Window], init=False
    )
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def limit(self, who: str, resource: Resource) -> int:
        """Points an hour."""
        if resource == "raw":
            return self.raw
        if who == _ANONYMOUS:
            return self.anonymous
        return self.graphql if resource == "graphql" else self.core

    def state(self, token: str | None, resource: Resource) -> dict[str, int]:
        """`limit`, `remaining`, `used` and `reset` (seconds since 1970), as GitHub gives them."""
        who = token or _ANONYMOUS
        with self._lock:
            window = self._window(who, resource, self.window_seconds)
        limit = self.limit(who, resource)
        return {
            "limit": limit,
            "remaining": max(0, limit - window.used),
            "used": window.used,
            "reset": math.ceil(window.begun + self.window_seconds),
        }

    def reset(self) -> None:
        """Every budget is whole again; nothing was refused or spent."""
        with self._lock:
            self._windows.clear()
            self.refused.clear()
            self.spent.clear()
            self.overspent = 0
            self.highest_at_once = self._now_at_once

    def enter(self, who: str, resource: Resource, method: str, path: str) -> "Refusal | None":
        """Begin a request: what it draws on is charged, unless it is refused."""
        with self._lock:
            refusal = self._refusal(who, resource, path)
            if refusal is not None:
                self.refused.append(refusal)
                return refusal
            self._now_at_once += 1
            self.highest_at_once = max(self.highest_at_once, self._now_at_once)
            if resource != "raw":
                write = resource == "core" and method not in ("GET", "HEAD", "OPTIONS")
                points = _WRITE_POINTS if write else 1
                self._charge(who, f"{resource} a minute", points, _MINUTE)
            self._charge(who, resource, 1, self.window_seconds)
            self.spent[resource] += 1
            return None

    def settle(self, who: str, resource: Resource, cost: int) -> None:
        """What the request cost is known: 1 was charged when it began."""
        with self._lock:
            used = self._window(who, resource, self.window_seconds).used
            left = max(0, self.limit(who, resource) - used)
            self.overspent += max(0, cost - 1 - left)
            self._charge(who, resource, cost - 1, self.window_seconds)
            self.spent[resource] += cost - 1

    def leave(self) -> None:
        """A request has ended."""
        with self._lock:
            self._now_at_once -= 1

    def retry_after(self, who: str, refusal: Refusal) -> int:
        """Whole seconds to wait after a refusal."""
        if refusal.limit == "at_once":
            return _MINUTE
        minute = refusal.limit == "secondary"
        kind = f"{refusal.resource} a minute" if minute else refusal.resource
        seconds = _MINUTE if minute else self.window_seconds
        with self._lock:
            begun = self._window(who, kind, seconds).begun
        return max(1, math.ceil(begun + seconds - self.clock()))

    def _refusal(self, who: str, resource: Resource, path: str) -> Refusal | None:
        if self._window(who, resource, self.window_seconds).used >= self.limit(who, resource):
            return Refusal(resource, "primary", path)
        if resource == "raw":
            return None
        if self._now_at_once >= self.at_once:
            return Refusal(resource, "at_once", path)
        graphql = resource == "graphql"
        points = self.graphql_points_a_minute if graphql else self.rest_points_a_minute
        if self._window(who, f"{resource} a minute", _MINUTE).used >= points:
            return Refusal(resource, "secondary", path)
        return None

    def _window(self, who: str, kind: str, seconds: float) -> Window:
        """The window that is open, or a new one: it begins with its first request."""
        now = self.clock()
        window = self._windows.get((self.owners.get(who, who), kind))
        return Window(now, 0) if window is None or now >= window.begun + seconds else window

    def _charge(self, who: str, kind: str, points: int, seconds: float) -> None:
        window = self._window(who, kind, seconds)
        self._windows[self.owners.get(who, who), kind] = Window(window.begun, window.used + points)


class LimitLayer:
    """ASGI middleware: requests to the API, the raw host and archives keep the limits."""

    def __init__(self, app: ASGIApp, *, limits: Limits, tokens: Tokens) -> None:
        self._app = app
        self._limits = limits
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        resource = resource_of(scope["path"]) if scope["type"] == "http" else None
        if resource is None:
            await self._app(scope, receive, send)
            return
        limits = self._limits
        token = api_token(Headers(scope=scope).get("authorization"))
        who = token if token in self._tokens and token is not None else _ANONYMOUS
        refusal = limits.enter(who, resource, scope["method"], scope["path"])
        if refusal is not None:
            await self._refuse(who, refusal, send)
            return

        async def settling_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                unchanged = message["status"] == 304 and who != _ANONYMOUS  # noqa: PLR2004 - HTTP's
                limits.settle(who, resource, 0 if unchanged else request_of(scope).cost)
                headers = [*message["headers"], *_headers(limits, who, resource)]
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self._app(scope, receive, settling_send)
        finally:
            limits.leave()

    async def _refuse(self, who: str, refusal: Refusal, send: Send) -> None:
        limits, resource = self._limits, refusal.resource
        status: int = limits.status
        body: Mapping[str, object] = {
            "message": _EXHAUSTED if refusal.limit == "primary" else _SECONDARY,
            "documentation_url": _DOCUMENTATION,
        }
        headers = [(b"content-type", b"application/json"), *_headers(limits, who, resource)]
        if resource == "raw":
            status = 429
        if resource == "graphql" and refusal.limit == "primary":
            status = 200
            body = {"errors": [{"type": "RATE_LIMITED", "message": _EXHAUSTED}]}
        if refusal.limit != "primary" or resource == "raw":
            wait = limits.retry_after(who, refusal)
            headers.append((b"retry-after", str(wait).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})


def resource_of(path: str) -> Resource | None:
    """Which budget a path draws on; none what asks for the limits, or is signed by an App."""
    if path == "/api/graphql":
        return "graphql"
    if path.startswith("/api/v3/") and not _FREE.fullmatch(path):
        return "core"
    return "raw" if path.startswith(("/raw/", "/codeload/")) else None


def _headers(limits: Limits, who: str, resource: Resource) -> list[tuple[bytes, bytes]]:
    if resource == "raw":
        return []
    state = limits.state(None if who == _ANONYMOUS else who, resource)
    told = {f"x-ratelimit-{name}": str(value) for name, value in state.items()}
    told["x-ratelimit-resource"] = resource
    return [(name.encode(), value.encode()) for name, value in told.items()]
