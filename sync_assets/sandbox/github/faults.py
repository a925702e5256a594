"""What goes wrong at GitHub in particular: documented or reported by others, not observed here.

    sandbox.faults.add(timed_out(), times=1000, path="/api/graphql", nodes_above=5_000)
    sandbox.faults.add(Meanwhile(lambda: tracker.delete(7)), service="issues")

Half a body is `Truncated`, a page in HTML `html_page`, both of `sandbox/faults.py`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from starlette.types import Message, Send

from sync_assets.sandbox.faults import Answer, Fault, Wire

_JSON = {"content-type": "application/json; charset=utf-8"}


def rate_limited(reset: int) -> Answer:
    """GraphQL's hour is used up: an error with status 200. `reset` is in seconds since 1970."""
    body = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded."}]}
    told = {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-used": "5000",
        "x-ratelimit-reset": str(reset),
        "x-ratelimit-resource": "graphql",
    }
    return Answer(200, json.dumps(body), _JSON | told)


def secondary_limit(retry_after: int | None = 60, *, status: int = 403) -> Answer:
    """Too much in a minute; `retry_after` None leaves the waiting to the client."""
    body = {
        "message": "You have exceeded a secondary rate limit. Please wait a few minutes before "
        "you try again.",
        "documentation_url": "https://docs.github.com/graphql/overview/rate-limits-and-node-limits-for-the-graphql-api#secondary-rate-limits",
    }
    wait = {} if retry_after is None else {"retry-after": str(retry_after)}
    return Answer(status, json.dumps(body), _JSON | wait)


def timed_out() -> Answer:
    """A query that took longer than 10 seconds."""
    message = (
        "Something went wrong while executing your query. This may be the result of a timeout, or "
        "it could be a GitHub bug. Please include `ABCD:1234` when reporting this issue."
    )
    return Answer(502, json.dumps({"data": None, "errors": [{"message": message}]}), _JSON)


def resource_limits_exceeded() -> Fault:
    """Partial data with status 200: the last half of the first page that has nodes is null."""

    def cut(body: dict[str, Any]) -> dict[str, Any]:
        found = _first_page(body.get("data"), ())
        if found is None:
            return {"data": None, "errors": [_exceeded(())]}
        path, nodes = found
        gone = range(len(nodes) // 2, len(nodes))
        for position in gone:
            nodes[position] = None
        return {**body, "errors": [_exceeded((*path, position)) for position in gone]}

    return Rewritten(cut)


@dataclass(frozen=True, slots=True)
class Rewritten(Fault):
    """The true answer, changed: `change` gets the parsed JSON."""

    change: Callable[[dict[str, Any]], dict[str, Any]]

    def spoil(self, wire: Wire) -> Send:
        start: list[Message] = []
        parts: list[bytes] = []

        async def rewrite(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.append(message)
                return
            parts.append(message.get("body", b""))
            if message.get("more_body", False):
                return
            body = json.dumps(self.change(json.loads(b"".join(parts)))).encode()
            kept = [pair for pair in start[0]["headers"] if pair[0] != b"content-length"]
            length = (b"content-length", str(len(body)).encode())
            await wire.send({**start[0], "headers": [*kept, length]})
            await wire.send({"type": "http.response.body", "body": body})

        return rewrite


@dataclass(frozen=True, slots=True)
class Meanwhile(Fault):
    """The answer is good, and before its end reaches the client something else has happened."""

    action: Callable[[], object]

    def spoil(self, wire: Wire) -> Send:
        async def pass_on(message: Message) -> None:
            body = message["type"] == "http.response.body"
            if body and not message.get("more_body", False):
                self.action()
            await wire.send(message)

        return pass_on


def _exceeded(path: tuple[str | int, ...]) -> dict[str, Any]:
    return {
        "type": "RESOURCE_LIMITS_EXCEEDED",
        "path": list(path),
        "message": "Resource limits for this query exceeded.",
    }


def _first_page(
    node: object, path: tuple[str | int, ...]
) -> tuple[tuple[str | int, ...], list[Any]] | None:
    """The outermost `nodes` with something in it, and the way there."""
    if not isinstance(node, dict):
        return None
    known = cast("dict[str, Any]", node)
    if isinstance(nodes := known.get("nodes"), list) and nodes:
        return (*path, "nodes"), cast("list[Any]", nodes)
    inside = (_first_page(value, (*path, name)) for name, value in known.items())
    return next((found for found in inside if found is not None), None)
