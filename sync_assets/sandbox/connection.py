"""One TCP connection: its number, its end, and the ways a fault may end it."""

import asyncio
import itertools
import socket
import struct
from contextlib import suppress
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

_NUMBERS = itertools.count(1)
_LINGER_ZERO = struct.pack("ii", 1, 0)


class Connection:
    """`closed` is set once either side has ended the connection."""

    def __init__(self) -> None:
        self.number = next(_NUMBERS)
        self.requests = 0
        self.closed = asyncio.Event()
        self.transport: asyncio.Transport | None = None

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than the connection lives."""
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.closed.wait(), seconds)

    async def reset(self) -> None:
        """End the connection with a TCP reset, so that the client sees an error and no end."""
        if self.transport is not None:
            raw: socket.socket = self.transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
            self.transport.abort()
            await self.closed.wait()


class ConnectionProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, with the connection given to the application in `scope["state"]`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.connection = Connection()
        state = {**app_state, "connection": self.connection}
        super().__init__(config, server_state, state, _loop)

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.connection.transport = transport
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.connection.closed.set()
