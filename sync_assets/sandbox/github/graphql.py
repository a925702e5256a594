"""`POST /api/graphql`: GitHub's GraphQL over the trackers and the real git repositories.

https://docs.github.com/en/graphql/overview/about-the-graphql-api
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    execute_sync,  # pyright: ignore[reportUnknownVariableType]
    get_operation_ast,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values
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
from sync_assets.sandbox.traffic import request_of

PATH = "/api/graphql"
SCHEMA = Path(__file__).with_name("schema.graphql")


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
            asked = _read(await request.body())
        except (ValueError, LookupError, TypeError, AttributeError):
            return failure(400, "Problems parsing JSON")
        if isinstance(asked, list):
            return JSONResponse({"errors": [_error(error) for error in asked]})
        return await run_in_threadpool(self._run, request, token, asked)

    def _run(self, request: Request, token: str, asked: "_Asked") -> Response:
        cost = query_cost(_schema(), asked.document, asked.operation, asked.variables)
        logged, name = request_of(request.scope), asked.operation.name
        logged.cost, logged.nodes = cost.points, cost.nodes
        logged.service = "graphql" if name is None else name.value
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
                _schema(),
                asked.document,
                context_value=context,
                variable_values=asked.raw,
                operation_name=None if name is None else name.value,
                field_resolver=resolve_field,
                type_resolver=resolve_type,
            )
        errors = [_error(error) for error in result.errors or ()]
        return JSONResponse({"data": result.data} | ({"errors": errors} if errors else {}))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A valid query. `variables` are checked and have their defaults."""

    document: DocumentNode
    operation: OperationDefinitionNode
    raw: dict[str, Any]
    variables: Mapping[str, Any]


def _read(body: bytes) -> _Asked | list[GraphQLError]:
    """The query that is asked, or what is wrong with it: GitHub answers that with 200."""
    asked: dict[str, Any] = json.loads(body)
    raw: dict[str, Any] = asked.get("variables") or {}
    document, errors = _document(asked["query"])
    if document is None:
        return errors
    operation = get_operation_ast(document, asked.get("operationName"))
    if operation is None:
        return [GraphQLError("An operation name is required")]
    variables = get_variable_values(_schema(), operation.variable_definitions, raw)
    return variables if isinstance(variables, list) else _Asked(document, operation, raw, variables)


@cache
def _schema() -> GraphQLSchema:
    return build_schema(SCHEMA.read_text(encoding="utf-8"))


@lru_cache(maxsize=256)
def _document(query: str) -> tuple[DocumentNode | None, list[GraphQLError]]:
    """The parsed query, or what is wrong with it."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, [error]
    errors = validate(_schema(), document)
    return (None, errors) if errors else (document, [])


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
