"""How long one request may wait, for leave to be sent and between its tries."""

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx

from sync_assets.control.database import Clock
from sync_assets.errors import RateLimited, SourceUnavailable
from sync_assets.http.public import called

TRIES = 3
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
"""What one request may wait in all, for budgets and between tries, unless its
`extensions["patience"]` says otherwise; beyond, the error says when."""
_SAFE_METHODS = frozenset({"GET", "HEAD"})

_log = logging.getLogger(__name__)

Sleep = Callable[[float], None]


class Waits:
    """Between two tries of one request: whether there is a next one, after a wait on our clock."""

    def __init__(self, request: httpx.Request, clock: Clock, sleep: Sleep) -> None:
        self._request = request
        self._safe = request.method in _SAFE_METHODS or bool(request.extensions.get("safe"))
        self._clock = clock
        self._sleep = sleep
        self._left_seconds = float(request.extensions.get("patience", LONGEST_WAIT_SECONDS))
        self.tries = 1

    def __call__(self, error: Exception) -> bool | float:
        if self.tries >= TRIES or not isinstance(error, RateLimited | SourceUnavailable):
            return False
        if isinstance(error, SourceUnavailable) and not self._safe:
            return False  # it may have been done; what was refused for its rate was not
        seconds = FIRST_WAIT_SECONDS * 2 ** (self.tries - 1) * random.uniform(1, 2)  # noqa: S311
        if error.retry_at is not None:
            told = (error.retry_at - self._clock()) / timedelta(seconds=1)
            seconds = max(seconds, told)
        if seconds > self._left_seconds:
            return False
        _log.info("%s; trying again in %.1f s", error, seconds)
        self._wait(seconds)
        return 0.0

    def pause(self, until: datetime, why: str) -> None:
        """Wait for leave to make the call; RateLimited where that takes too long."""
        seconds = (until - self._clock()) / timedelta(seconds=1)
        if seconds > self._left_seconds:
            text = f"{called(self._request)}: {why}, until {until:%Y-%m-%d %H:%M:%S} UTC"
            raise RateLimited(text, retry_at=until)
        if seconds > 0:
            self._wait(seconds)

    def _wait(self, seconds: float) -> None:
        self._left_seconds -= seconds
        self._sleep(seconds)
