"""`POST /api/graphql`: GitHub's GraphQL over the trackers and the real git repositories.

https://docs.github.com/en/graphql/overview/about-the-graphql-api
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graphql import (
    GraphQLError,
    execute_sync,  # pyright: ignore[reportUnknownVariableType]
)
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync_assets.sandbox.access import Tokens, api_token
from sync_assets.sandbox.github.answers import base_url, failure
from sync_assets.sandbox.github.context import Context
from sync_assets.sandbox.github.git_data import Sizes
from sync_assets.sandbox.github.limits import Limits
from sync_assets.sandbox.github.objects import Objects
from sync_assets.sandbox.github.query_cost import query_cost
from sync_assets.sandbox.github.resolvers import resolve_field, resolve_type
from sync_assets.sandbox.github.trackers import Trackers
from sync_assets.sandbox.graphql_asked import Asked, Queries
from sync_assets.sandbox.traffic import request_of

PATH = "/api/graphql"
SCHEMA = Path(__file__).with_name("schema.graphql")
_QUERIES = Queries(SCHEMA)


@dataclass(frozen=True, slots=True)
class GraphQL:
    """One endpoint. `Request.service` is the operation's name, else `graphql`."""

    trackers: Trackers
    objects: Objects
    tokens: Tokens
    sizes: Sizes
    limits: Limits

    def routes(self) -> list[Route]:
        """One."""
        return [Route(PATH, self._answer, methods=["POST"])]

    async def _answer(self, request: Request) -> Response:
        request_of(request.scope).service = "graphql"
        token = api_token(request.headers.get("authorization"))
        if token is None:
            return failure(401, "This endpoint requires you to be authenticated.")
        if token not in self.tokens:
            return failure(401, "Bad credentials")
        try:
            asked = _QUERIES.read(await request.body())
        except (ValueError, LookupError, TypeError, AttributeError):
            return failure(400, "Problems parsing JSON")
        if isinstance(asked, list):
            return JSONResponse({"errors": [_error(error) for error in asked]})
        return await run_in_threadpool(self._run, request, token, asked)

    def _run(self, request: Request, token: str, asked: Asked) -> Response:
        cost = query_cost(_QUERIES.schema, asked.document, asked.operation, asked.variables)
        logged = request_of(request.scope)
        logged.cost, logged.nodes = cost.points, cost.nodes
        logged.service = asked.name or "graphql"
        if cost.errors:
            return JSONResponse({"errors": [_error(error) for error in cost.errors]})
        state = self.limits.state(token, "graphql")
        more = min(state["remaining"], cost.points - 1)  # one point was taken at the door
        left = {"remaining": state["remaining"] - more, "used": state["used"] + more}
        context = Context(
            trackers=self.trackers,
            objects=self.objects,
            tokens=self.tokens,
            token=token,
            web=base_url(request),
            text_bytes=self.sizes.text_bytes,
            points=cost.points,
            nodes=cost.nodes,
            quota={**state, **left},
        )
        with self.trackers.lock:
            result = execute_sync(
                _QUERIES.schema,
                asked.document,
                context_value=context,
                variable_values=asked.raw,
                operation_name=asked.name,
                field_resolver=resolve_field,
                type_resolver=resolve_type,
            )
        errors = [_error(error) for error in result.errors or ()]
        return JSONResponse({"data": result.data} | ({"errors": errors} if errors else {}))


def _error(error: GraphQLError) -> Mapping[str, object]:
    """GitHub's `type` stands beside `message`."""
    shown: dict[str, object] = dict(error.formatted)
    extensions = dict(error.extensions or {})
    if "type" in extensions:
        shown = {"type": extensions.pop("type"), **shown}
        shown.pop("extensions", None)
        if extensions:
            shown["extensions"] = extensions
    return shown
