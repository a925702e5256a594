"""A model of the way to the server: round trips, and one link whose bandwidth all requests share.

Not modelled: TCP slow start, packet loss, header bytes, the time a server thinks.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync_assets.sandbox.connection import Connection
from sync_assets.sandbox.traffic import connection_of

HANDSHAKE_ROUND_TRIPS = 2
"""TCP and TLS 1.3 each cost one before the first request of a connection."""
_PIECE_BYTES = 64 * 1024


@dataclass(slots=True)
class Link:
    """`round_trip_seconds` for each request, `megabits_per_second` for both directions together;
    0 is none, and unlimited.
    """

    round_trip_seconds: float = 0.0
    megabits_per_second: float = 0.0
    clock: Callable[[], float] = time.monotonic
    _free_at: float = field(default=0.0, init=False, repr=False)

    async def travel(self, connection: Connection) -> None:
        """Wait for a request's round trips; a connection's first pays for the handshakes too."""
        trips = 1 + (HANDSHAKE_ROUND_TRIPS if connection.requests == 1 else 0)
        await connection.pause(trips * self.round_trip_seconds)

    async def carry(self, size: int, connection: Connection) -> None:
        """Wait until `size` bytes have passed; pieces of concurrent bodies take turns."""
        while size > 0 and self.megabits_per_second > 0 and not connection.closed.is_set():
            piece = min(size, _PIECE_BYTES)
            size -= piece
            seconds = piece * 8 / (self.megabits_per_second * 1_000_000)
            self._free_at = max(self._free_at, self.clock()) + seconds
            await connection.pause(self._free_at - self.clock())


class LinkLayer:
    """ASGI middleware: every body byte and every request passes the link, if there is one."""

    def __init__(self, app: ASGIApp, *, link: Link) -> None:
        self._app = app
        self._link = link

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = connection_of(scope)

        async def linked_receive() -> Message:
            message = await receive()
            await self._link.carry(len(message.get("body", b"")), connection)
            return message

        async def linked_send(message: Message) -> None:
            await self._link.carry(len(message.get("body", b"")), connection)
            await send(message)

        await self._link.travel(connection)
        await self._app(scope, linked_receive, linked_send)
