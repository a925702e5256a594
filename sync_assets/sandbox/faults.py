"""Faults on demand: each replaces or spoils the answer of the next matching requests.

A fault is chosen when an answer begins, so that it may be aimed at what the request turned out to
ask for (`Request.service`).
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync_assets.sandbox.connection import Connection
from sync_assets.sandbox.traffic import Request, connection_of, request_of

_HTML = "<!doctype html><title>Sign in</title><p>Sign in to this network to go on.</p>"


@dataclass(frozen=True, slots=True)
class Wire:
    """The way of one answer to the client."""

    send: Send
    connection: Connection


class Fault(ABC):
    """What goes wrong with one answer."""

    @abstractmethod
    def spoil(self, wire: Wire) -> Send:
        """The `send` that the application's messages go to instead."""


@dataclass(frozen=True, slots=True)
class Answer(Fault):
    """Another answer: a status of the vendor's (401, 403, 404, 429, 503, ...) or a wrong body."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def spoil(self, wire: Wire) -> Send:
        headers = {"content-type": "text/plain; charset=utf-8"} | dict(self.headers)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                raw = [(name.encode(), value.encode()) for name, value in headers.items()]
                await wire.send({**message, "status": self.status, "headers": raw})
                await wire.send({"type": "http.response.body", "body": self.body.encode()})

        return answer


def html_page() -> Answer:
    """A sign-in page with status 200 where a pack was expected, as captive networks send it."""
    return Answer(200, _HTML, {"content-type": "text/html; charset=utf-8"})


@dataclass(frozen=True, slots=True)
class Reset(Fault):
    """A TCP reset after that many bytes of the body (or at its end); 0: before the answer."""

    after_bytes: int = 0

    def spoil(self, wire: Wire) -> Send:
        point = _Point(self.after_bytes)

        async def reset(message: Message) -> None:
            if wire.connection.closed.is_set():
                return
            if self.after_bytes:
                before, after = point.split(message)
                await wire.send(before)
                if after is None:
                    return
            await wire.connection.reset()

        return reset


@dataclass(frozen=True, slots=True)
class Truncated(Fault):
    """A body that ends, with no error of HTTP, after that many bytes."""

    after_bytes: int

    def spoil(self, wire: Wire) -> Send:
        point = _Point(self.after_bytes)
        ended = False

        async def truncate(message: Message) -> None:
            nonlocal ended
            if not ended:
                before, after = point.split(_without_length(message))
                ended = after is not None
                await wire.send({**before, "more_body": False} if ended else before)

        return truncate


@dataclass(frozen=True, slots=True)
class Stalled(Fault):
    """Nothing for so many seconds, after that many bytes of the body (or at its end)."""

    after_bytes: int
    seconds: float

    def spoil(self, wire: Wire) -> Send:
        point = _Point(self.after_bytes)
        stalled = False

        async def stall(message: Message) -> None:
            nonlocal stalled
            if stalled:
                await wire.send(message)
                return
            before, after = point.split(message)
            await wire.send(before)
            if after is not None:
                stalled = True
                await wire.connection.pause(self.seconds)
                await wire.send({**message, "body": after})

        return stall


@dataclass(frozen=True, slots=True)
class Slow(Fault):
    """A body that trickles."""

    bytes_per_second: float

    def spoil(self, wire: Wire) -> Send:
        async def trickle(message: Message) -> None:
            await wire.connection.pause(len(message.get("body", b"")) / self.bytes_per_second)
            await wire.send(message)

        return trickle


@dataclass(frozen=True, slots=True)
class Replaced(Fault):
    """Other bytes, of the same number, wherever `old` stands within one message of the body."""

    old: bytes
    new: bytes

    def spoil(self, wire: Wire) -> Send:
        async def replace(message: Message) -> None:
            body: bytes = message.get("body", b"")
            if body:
                message = {**message, "body": body.replace(self.old, self.new)}
            await wire.send(message)

        return replace


@dataclass(slots=True)
class _Scripted:
    fault: Fault
    times: int
    service: str
    path: str
    nodes_above: int

    def meets(self, request: Request) -> bool:
        aimed = self.service in ("", request.service) and self.path in request.path
        return aimed and request.nodes > self.nodes_above


class Faults:
    """The script: the first fault that matches is used up first. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._script: list[_Scripted] = []

    def add(
        self,
        fault: Fault,
        *,
        times: int = 1,
        service: str = "",
        path: str = "",
        nodes_above: int = -1,
    ) -> None:
        """Let the next `times` requests of a service (all if empty) meet the fault; their path
        contains `path`. With `nodes_above` only GraphQL queries that may return more nodes do.
        """
        with self._lock:
            self._script.append(_Scripted(fault, times, service, path, nodes_above))

    @property
    def pending(self) -> int:
        """How many requests are still to meet a fault."""
        with self._lock:
            return sum(scripted.times for scripted in self._script)

    def clear(self) -> None:
        """Forget what has not happened yet."""
        with self._lock:
            self._script.clear()

    def take(self, request: Request) -> Fault | None:
        """The fault that this request meets; it is used up once."""
        with self._lock:
            for scripted in self._script:
                if scripted.times > 0 and scripted.meets(request):
                    scripted.times -= 1
                    return scripted.fault
        return None


class FaultLayer:
    """ASGI middleware that lets requests meet their faults."""

    def __init__(self, app: ASGIApp, *, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        chosen: Send | None = None

        async def faulty_send(message: Message) -> None:
            nonlocal chosen
            if chosen is None:
                fault = self._faults.take(request_of(scope))
                chosen = fault.spoil(Wire(send, connection_of(scope))) if fault else send
            await chosen(message)

        is_request = scope["type"] == "http"
        await self._app(scope, receive, faulty_send if is_request else send)


class _Point:
    """A point in a body, so many bytes from its beginning."""

    def __init__(self, after_bytes: int) -> None:
        self._left = after_bytes

    def split(self, message: Message) -> tuple[Message, bytes | None]:
        """The message up to the point, with more to come, and the bytes behind the point.

        These are None before the point; a body that ends before it reaches it at its end.
        """
        if message["type"] != "http.response.body":
            return message, None
        body: bytes = message.get("body", b"")
        before, after = body[: self._left], body[self._left :]
        self._left -= len(before)
        reached = self._left == 0 or not message.get("more_body", False)
        return {**message, "body": before, "more_body": True}, after if reached else None


def _without_length(message: Message) -> Message:
    if message["type"] != "http.response.start":
        return message
    kept = [(name, value) for name, value in message["headers"] if name != b"content-length"]
    return {**message, "headers": kept}
