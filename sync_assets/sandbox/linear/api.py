"""`POST /linear/graphql`: Linear's GraphQL over the world, with its budgets and its refusals.

https://linear.app/developers/graphql, https://linear.app/developers/rate-limiting
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLError,
    execute_sync,  # pyright: ignore[reportUnknownVariableType]
)
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync_assets.sandbox.graphql_asked import Asked, Queries
from sync_assets.sandbox.linear.buckets import Bucket
from sync_assets.sandbox.linear.complexity import MOST, complexity
from sync_assets.sandbox.linear.fields import resolve_field
from sync_assets.sandbox.linear.world import LinearWorld
from sync_assets.sandbox.traffic import request_of

PATH = "/linear/graphql"
SCHEMA = Path(__file__).with_name("schema.graphql")
_QUERIES = Queries(SCHEMA)
_UNAUTHORIZED, _REFUSED = 401, 400


@dataclass(frozen=True, slots=True)
class LinearApi:
    """One endpoint. `Request.service` is the operation's name, else `linear`; `cost` its points."""

    world: LinearWorld
    requests: Bucket = field(default_factory=Bucket)
    points: Bucket = field(default_factory=Bucket)

    def routes(self) -> list[Route]:
        """One."""
        return [Route(PATH, self._answer, methods=["POST"])]

    async def _answer(self, request: Request) -> Response:
        request_of(request.scope).service = "linear"
        if request.headers.get("authorization", "") not in self.world.tokens:
            return _STRANGER.answer(_UNAUTHORIZED)
        try:
            asked = _QUERIES.read(await request.body())
        except (ValueError, LookupError, TypeError, AttributeError):
            return _BROKEN.answer(_REFUSED)
        if isinstance(asked, list):
            errors = [_validation(error) for error in asked]
            return JSONResponse({"errors": errors}, _REFUSED)
        return await run_in_threadpool(self._run, request, asked)

    def _run(self, request: Request, asked: Asked) -> Response:
        logged = request_of(request.scope)
        logged.service = asked.name or "linear"
        logged.cost = complexity(_QUERIES.schema, asked.document, asked.operation, asked.variables)
        with self.world.lock:
            refused = self._charge(logged.cost)
            headers = self._headers(logged.cost)
            if refused:
                text = f"Rate limit exceeded. Only {refused} are allowed per 1 hour."
                return _Refusal("RATELIMITED", "ratelimited", text).answer(_REFUSED, headers)
            if logged.cost > MOST:
                text = f"The query is too complex. Complexity: {logged.cost}. Maximum: {MOST}."
                kind = _Refusal("INPUT_ERROR", "invalid input", "Query too complex", text)
                return kind.answer(_REFUSED, headers)
            result = execute_sync(
                _QUERIES.schema,
                asked.document,
                context_value=self.world,
                variable_values=asked.raw,
                operation_name=asked.name,
                field_resolver=resolve_field,
            )
        errors = [dict(error.formatted) for error in result.errors or ()]
        answer = {"data": result.data} | ({"errors": errors} if errors else {})
        return JSONResponse(answer, headers=headers)

    def _charge(self, cost: int) -> str | None:
        """What there is too little of, if anything; else it is taken."""
        world, now = self.world, self.world.now.timestamp()
        if not self.requests.take(1, world.requests_an_hour, now):
            return f"{world.requests_an_hour} requests"
        if not self.points.take(cost, world.complexity_an_hour, now):
            return f"{world.complexity_an_hour} points"
        return None

    def _headers(self, cost: int) -> dict[str, str]:
        found = {"x-complexity": str(cost)}
        buckets = (
            ("requests", self.requests, self.world.requests_an_hour),
            ("complexity", self.points, self.world.complexity_an_hour),
        )
        for name, bucket, limit in buckets:
            found |= {
                f"x-ratelimit-{name}-limit": str(limit),
                f"x-ratelimit-{name}-remaining": str(int(bucket.left)),
                f"x-ratelimit-{name}-reset": str(round(bucket.full_at(limit) * 1000)),
            }
        return found


def _validation(error: GraphQLError) -> dict[str, Any]:
    extensions = {"code": "GRAPHQL_VALIDATION_FAILED", "type": "graphql error", "userError": True}
    return {**error.formatted, "extensions": extensions}


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a request is refused whole, as Linear says it."""

    code: str
    kind: str
    message: str
    presentable: str = ""

    def answer(self, status: int, headers: Mapping[str, str] | None = None) -> Response:
        extensions = {
            "code": self.code,
            "type": self.kind,
            "userError": True,
            "userPresentableMessage": self.presentable or self.message,
        }
        errors = [{"message": self.message, "extensions": extensions}]
        return JSONResponse({"errors": errors}, status, headers)


_STRANGER = _Refusal(
    "AUTHENTICATION_ERROR", "authentication error", "Authentication required, not authenticated"
)
_BROKEN = _Refusal("BAD_REQUEST", "other", "The body is no GraphQL request")
