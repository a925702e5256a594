"""The `Date` of every answer is the sandbox's clock, which clients may set their watermarks by."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class DateLayer:
    """ASGI middleware; uvicorn's own header is switched off."""

    def __init__(self, app: ASGIApp, *, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        now = format_datetime(
            self._clock().astimezone(UTC), usegmt=True
        ).encode()  # the moment it was asked

        async def dated_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"date", now)]}
            await send(message)

        await self._app(scope, receive, dated_send)
