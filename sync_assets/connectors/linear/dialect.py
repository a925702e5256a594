"""How Linear speaks of limits and failures. Pure.

https://linear.app/developers/rate-limiting
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, cast

import httpx

from sync_assets.errors import (
    PageTooLarge,
    RateLimited,
    SourceError,
    SourceGone,
    SourceRejectedUs,
    SourceUnavailable,
    UnexpectedPayload,
)
from sync_assets.http.dialect import UNTOLD_WAIT, BudgetReading, Dialect, retry_after
from sync_assets.http.public import called

SHARE: Final = 1_000
"""Points of complexity that count as one request: an hour has some thousand times as many."""
_LIMITED: Final = "RATELIMITED"
_Meaning = tuple[type[SourceError], str]
_REJECTED: Final[_Meaning] = (SourceRejectedUs, "fix the key")
_FORBIDDEN: Final[_Meaning] = (SourceRejectedUs, "the key may not read this")
_FAILED: Final[_Meaning] = (SourceUnavailable, "try again later")
_KINDS: Final[Mapping[str, _Meaning]] = MappingProxyType(
    {
        "authentication error": _REJECTED,
        "authentication_error": _REJECTED,
        "forbidden": _FORBIDDEN,
        "feature not accessible": (SourceRejectedUs, "the workspace's plan does not allow this"),
        "internal error": _FAILED,
        "internal_server_error": _FAILED,
        "lock timeout": _FAILED,
        "network error": _FAILED,
    }
)
"""By `extensions.type`, as Linear's own SDK knows them, or by `extensions.code`."""
_WORDS: Final[Mapping[str, _Meaning]] = MappingProxyType(
    {
        "query too complex": (PageTooLarge, "ask for less at once"),
        "must not be greater than": (PageTooLarge, "ask for less at once"),
        "entity not found": (SourceGone, "deleted, or the key may not see it"),
    }
)
"""Of errors whose type is no more than invalid input, what their message says."""


class LinearDialect(Dialect):
    """The GraphQL API. It counts requests and complexity; we reckon in shares of the hour: a call
    costs a point for each SHARE of its complexity, and one at least.
    """

    name = "linear"

    def resource(self, request: httpx.Request) -> str:  # noqa: ARG002 - it has but one
        """`graphql`: both budgets together."""
        return "graphql"

    def cost(self, request: httpx.Request) -> int:
        """From the complexity, which the caller knows."""
        return max(1, -(-super().cost(request) // SHARE))

    def budget(self, response: httpx.Response, now: datetime) -> BudgetReading | None:  # noqa: ARG002 - times are absolute
        """Requests and their limit; fewer are left where complexity is used up faster."""
        requests, complexity = (_told(response, name) for name in ("requests", "complexity"))
        if requests is None or complexity is None:
            return requests or complexity
        if complexity.remaining * requests.limit < requests.remaining * complexity.limit:
            left = complexity.remaining * requests.limit // complexity.limit
            return BudgetReading("graphql", requests.limit, left, complexity.reset_at)
        return requests

    def error(self, response: httpx.Response, now: datetime) -> SourceError | None:
        errors = _errors(response)
        what = called(response.request)
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS or any(
            _extension(error, "code").upper() == _LIMITED for error in errors
        ):
            return self._limited(what, response, now)
        if not errors:
            return None
        message = _line(errors[0])
        known = _meaning(errors[0], message.lower())
        if known is None and response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return None
        kind, advice = known or (UnexpectedPayload, "Linear refuses our request")
        return kind(f"{what}: {message}: {advice}")

    def _limited(self, what: str, response: httpx.Response, now: datetime) -> RateLimited:
        """Until it says, or until what is used up is full again."""
        until = retry_after(response, now)
        if until is None:
            reading = self.budget(response, now)
            spent = reading is not None and reading.reset_at > now
            until = reading.reset_at if reading is not None and spent else now + UNTOLD_WAIT
        return RateLimited(
            f"{what}: Linear's rate limit, until {until:%H:%M:%S} UTC", retry_at=until
        )


LINEAR = LinearDialect()


def _meaning(error: Mapping[str, Any], message: str) -> _Meaning | None:
    """What an error means where we know it."""
    for words, meaning in _WORDS.items():
        if words in message:
            return meaning
    kind = _KINDS.get(_extension(error, "type").lower())
    return kind or _KINDS.get(_extension(error, "code").lower())


def _told(response: httpx.Response, name: str) -> BudgetReading | None:
    """One budget by its three headers; the reset is in milliseconds."""
    headers = response.headers
    try:
        limit, left, reset = (
            int(headers[f"x-ratelimit-{name}-{part}"]) for part in ("limit", "remaining", "reset")
        )
        reset_at = datetime.fromtimestamp(reset / 1000, UTC)
    except (KeyError, ValueError, OverflowError):
        return None
    return BudgetReading("graphql", limit, left, reset_at) if limit > 0 else None


def _errors(response: httpx.Response) -> Sequence[Mapping[str, Any]]:
    try:
        body: object = json.loads(response.content)
    except (ValueError, RecursionError):
        return ()
    told: object = cast("dict[str, object]", body).get("errors") if isinstance(body, dict) else None
    members = cast("list[object]", told) if isinstance(told, list) else []
    return [cast("dict[str, Any]", each) for each in members if isinstance(each, dict)]


def _extension(error: Mapping[str, Any], name: str) -> str:
    extensions: object = error.get("extensions")
    found = cast("dict[str, object]", extensions) if isinstance(extensions, dict) else {}
    return str(found.get(name) or "")


def _line(error: Mapping[str, Any]) -> str:
    """Linear's words for people, on one line."""
    words = [str(error.get("message") or "no message"), _extension(error, "userPresentableMessage")]
    return " ".join(": ".join(dict.fromkeys(word for word in words if word)).split())[:300]
