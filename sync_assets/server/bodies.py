"""Reads the bodies of calls before anyone knows who sent them: bounded in size, time and number."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request

from sync_assets.server.answers import Refused

MOST_BYTES = 25 * 2**20
"""GitHub sends no larger one; nobody else comes near."""
MOST_BYTES_AT_ONCE = 10 * MOST_BYTES
SECONDS = 10.0
"""How long a body may take to arrive; GitHub gives up after as long."""
_DIGITS = len(str(MOST_BYTES))


class Bodies:
    """Of one process. Bytes count from their arrival until their call is answered."""

    def __init__(self, seconds: float = SECONDS, most_at_once: int = MOST_BYTES_AT_ONCE) -> None:
        self._seconds = seconds
        self._most_at_once = most_at_once
        self._held = 0

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncGenerator[bytes]:
        """The whole body. Raises Refused: `too_large`, `crowded` or `incomplete`."""
        if _claims_too_much(request.headers.get("content-length", "")):
            raise Refused("too_large")
        chunks: list[bytes] = []
        try:
            await self._read(request, chunks)
            yield b"".join(chunks)
        finally:
            self._held -= sum(map(len, chunks))

    async def _read(self, request: Request, chunks: list[bytes]) -> None:
        held = 0
        try:
            async with asyncio.timeout(self._seconds):
                async for chunk in request.stream():
                    chunks.append(chunk)
                    held += len(chunk)
                    self._held += len(chunk)
                    if held > MOST_BYTES:  # whatever was claimed
                        raise Refused("too_large")
                    if self._held > self._most_at_once:
                        raise Refused("crowded")
        except (TimeoutError, ClientDisconnect):
            raise Refused("incomplete") from None


def _claims_too_much(length: str) -> bool:
    return length.isdigit() and (len(length) > _DIGITS or int(length) > MOST_BYTES)
