"""How GitHub speaks of limits and failures. Pure.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, cast

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
from sync_assets.http.dialect import (
    UNTOLD_WAIT,
    BudgetReading,
    Dialect,
    MinuteLimits,
    retry_after,
)
from sync_assets.http.public import called

GRAPHQL = "graphql"
_MINUTE: Mapping[str, MinuteLimits] = {
    "core": MinuteLimits(points=900),
    # 90 seconds of its servers' work in all, 60 of them GraphQL's, whose answers alone take long.
    GRAPHQL: MinuteLimits(points=2000, seconds=60),
}
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_WRITE_POINTS = 5
_LIMIT_STATUSES = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
_HEAVY_STATUSES = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})
_OUR_MISTAKES = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
_LIMITED = frozenset({"RATE_LIMITED", "RATE_LIMIT"})
_GRAPHQL_TYPES: Mapping[frozenset[str], type[SourceError]] = {
    frozenset({"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED", "TIMEOUT"}): PageTooLarge,
    frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES", "UNAUTHENTICATED"}): SourceRejectedUs,
    frozenset({"NOT_FOUND"}): SourceGone,
    # A cursor that was good a moment ago: the listing is begun anew, a smaller page would not help.
    frozenset({"INTERNAL", "SERVICE_UNAVAILABLE", "INVALID_CURSOR_ARGUMENTS"}): SourceUnavailable,
}
"""What the type of a GraphQL error means, the first that fits."""
_HEAVY_WORDS = ("resource limits", "something went wrong", "timeout", "timedout", "timed out")
_LIMIT_WORDS = ("rate limit", "abuse detection")


class GitHubDialect(Dialect):
    """github.com and GitHub Enterprise Server, REST and GraphQL."""

    name = "github"
    at_once = 100
    unchanged_is_free = True

    def __init__(self, version: str = "2026-03-10") -> None:
        self.headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": version}

    def resource(self, request: httpx.Request) -> str:
        path = request.url.path
        if path.endswith("/graphql"):
            return GRAPHQL
        if "/search/" in path:
            return "code_search" if path.endswith("/search/code") else "search"
        return "core"

    def minute(self, resource: str) -> MinuteLimits:
        return _MINUTE.get(resource, MinuteLimits())

    def minute_points(self, request: httpx.Request) -> int:
        reads = request.method in _READS or bool(request.extensions.get("safe"))
        return 1 if reads else _WRITE_POINTS

    def may_grow_unseen(self, response: httpx.Response) -> bool:
        """A last page that is full: the next row opens a page that only its `Link` would tell."""
        size = response.request.url.params.get("per_page")
        if size is None or "next" in response.links:
            return False
        rows: object = json.loads(response.content)
        return not isinstance(rows, list) or len(cast("list[object]", rows)) >= int(size)

    def budget(
        self,
        response: httpx.Response,
        now: datetime,  # noqa: ARG002 - other vendors tell seconds from now
    ) -> BudgetReading | None:
        headers = response.headers
        try:
            return BudgetReading(
                resource=headers.get("x-ratelimit-resource") or self.resource(response.request),
                limit=int(headers["x-ratelimit-limit"]),
                remaining=int(headers["x-ratelimit-remaining"]),
                reset_at=datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC),
            )
        except (KeyError, ValueError, OverflowError):
            return None

    def error(self, response: httpx.Response, now: datetime) -> SourceError | None:
        graphql = self.resource(response.request) == GRAPHQL
        status = response.status_code
        if status < HTTPStatus.BAD_REQUEST and not graphql:
            return None
        what = f"{called(response.request)}: HTTP {status}"
        if graphql and status in _HEAVY_STATUSES:
            return PageTooLarge(f"{what}, as for pages that are too large")
        body = _object(response)
        message = _line(body.get("message"))
        if status in _LIMIT_STATUSES and _limits(response, message):
            return self._limited(response, now)
        if graphql and "errors" in body:
            return self._graphql_error(response, body, now)
        if status == HTTPStatus.FORBIDDEN:
            advice = _advice(response, message)
            return SourceRejectedUs(f"{what}: {advice}") if advice else None
        return UnexpectedPayload(f"{what}: {message}") if status in _OUR_MISTAKES else None

    def _limited(self, response: httpx.Response, now: datetime) -> RateLimited:
        """The vendor's order: `Retry-After`, then the end of an empty budget, then a minute."""
        until = retry_after(response, now)
        if until is None:
            reading = self.budget(response, now)
            spent = reading is not None and reading.remaining == 0
            until = reading.reset_at if reading is not None and spent else now + UNTOLD_WAIT
        what = called(response.request)
        return RateLimited(
            f"{what}: GitHub's rate limit, until {until:%H:%M:%S} UTC", retry_at=until
        )

    def _graphql_error(
        self, response: httpx.Response, body: Mapping[str, Any], now: datetime
    ) -> SourceError | None:
        accepted = response.request.extensions.get("accept_errors", ())
        errors = [error for error in _objects(body["errors"]) if error.get("type") not in accepted]
        if not errors:
            return None
        types = {str(error.get("type", "")).upper() for error in errors}
        words = " ".join(str(error.get("message", "")) for error in errors).lower()
        if types & _LIMITED or any(word in words for word in _LIMIT_WORDS):
            return self._limited(response, now)
        kind = PageTooLarge if body.get("data") else UnexpectedPayload
        if any(word in words for word in _HEAVY_WORDS):
            kind = PageTooLarge
        for named, meaning in _GRAPHQL_TYPES.items():
            if types & named:
                kind = meaning
                break
        return kind(f"{called(response.request)}: {_line(errors[0].get('message'))}")


class RawDialect(GitHubDialect):
    """The raw file host: what it allows is told nowhere but in its refusals."""

    at_once = None

    def resource(self, request: httpx.Request) -> str:  # noqa: ARG002 - it has but one
        return "raw"


RAW = RawDialect()
GITHUB = GitHubDialect()
ENTERPRISE = GitHubDialect("2022-11-28")
"""A server of one's own may be older than the API's newest version, and refuses what it does not
know: this one every server knows.
"""
_PUBLIC_API = "https://api.github.com"


def dialect_of(api_url: str) -> GitHubDialect:
    """The dialect of the server at that address."""
    return GITHUB if api_url.rstrip("/") == _PUBLIC_API else ENTERPRISE


def graphql_url(api_url: str) -> str:
    """The GraphQL endpoint beside a REST one; GitHub Enterprise Server has it elsewhere."""
    api = api_url.rstrip("/")
    if api.endswith("/api/v3"):
        return f"{api.removesuffix('/v3')}/graphql"
    return f"{api}/graphql"


def _limits(response: httpx.Response, message: str) -> bool:
    """Whether a 403 or 429 is about a rate, and not about what the token may do."""
    return (
        response.status_code == HTTPStatus.TOO_MANY_REQUESTS
        or "retry-after" in response.headers
        or response.headers.get("x-ratelimit-remaining") == "0"
        or any(word in message.lower() for word in _LIMIT_WORDS)
    )


def _advice(response: httpx.Response, message: str) -> str | None:
    """What to do about a 403 whose cause GitHub tells."""
    if "x-github-sso" in response.headers:
        return "authorize the token for the organization's SSO"
    if "suspended" in message.lower():
        return "the App's installation is suspended: whoever owns it can unsuspend it"
    return None


def _line(message: object) -> str:
    """The vendor's words, on one line."""
    return " ".join(str(message or "no message").split())[:200]


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        body: object = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    members = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", member) for member in members if isinstance(member, dict)]
