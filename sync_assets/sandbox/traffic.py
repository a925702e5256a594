"""What was asked of the sandbox, request by request: tests and benchmarks count here."""

from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync_assets.sandbox.connection import Connection


@dataclass(slots=True)
class Request:
    """One request; it is logged when it begins, and its counts grow until it ends.

    `service` is what was asked for, as far as an answer was begun: for git `info/refs`, `ls-refs`
    or `fetch`. `status` is 0 until an answer is sent. Bytes are those of the bodies, as they were
    on the wire (a compressed request counts compressed); headers are not counted. `connection`
    numbers the TCP connection. `cost` is in the points of the vendor's budget; what executes a
    GraphQL query sets it before it answers, and with it how many `nodes` it may return.
    """

    method: str
    path: str
    connection: int
    service: str = ""
    status: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    cost: int = 1
    nodes: int = 0


def connection_of(scope: Scope) -> Connection:
    """The connection that a request came by."""
    return scope["state"]["connection"]


def request_of(scope: Scope) -> Request:
    """The request's entry in the log."""
    return scope["state"]["request"]


class Recorder:
    """ASGI middleware that writes the log; counts are complete before the client sees the end."""

    def __init__(self, app: ASGIApp, *, requests: list[Request]) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = connection_of(scope)
        connection.requests += 1
        request = Request(scope["method"], scope["path"], connection.number)
        scope["state"]["request"] = request
        self._requests.append(request)

        async def counted_receive() -> Message:
            message = await receive()
            request.bytes_in += len(message.get("body", b""))
            return message

        async def counted_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
            request.bytes_out += len(message.get("body", b""))
            await send(message)

        await self._app(scope, counted_receive, counted_send)
