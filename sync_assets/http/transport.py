"""The transport under every client: one request in, one good response or one typed error out."""

import json
import logging
import random
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus

import httpx
import stamina
import stamina.instrumentation

from sync_assets.control.database import Clock
from sync_assets.errors import (
    RateLimited,
    SourceError,
    SourceRejectedUs,
    SourceUnavailable,
)
from sync_assets.http.body import Body
from sync_assets.http.dialect import Dialect, standard_error
from sync_assets.http.public import called, origin

TRIES = 3
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
"""What one request may wait in all, for budgets and between tries; beyond, the error says when."""
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_FOREIGN_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "range",
        "transfer-encoding",
        "user-agent",
    }
)
"""All that another origin than ours is told after a redirect: no token is under these names."""
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})

_log = logging.getLogger(__name__)
# By itself stamina prints retries to stdout, which is for answers; we log them.
stamina.instrumentation.set_on_retry_hooks(())

Sleep = Callable[[float], None]


class GovernedTransport(httpx.BaseTransport):
    """Sends through `inner`; the body is read here, so that a broken one is an error here.

    Of `request.extensions` it knows `safe` (may be sent twice), `accept` (statuses wanted back),
    `stream` (the caller reads the body, and closes), `cost`, `secret_path`.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        dialect: Dialect,
        base_url: httpx.URL,
        *,
        clock: Clock,
        monotonic: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        self._inner = inner
        self._dialect = dialect
        self._origin = origin(base_url)
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if origin(request.url) != self._origin:
            for name in set(request.headers) - _FOREIGN_HEADERS:
                del request.headers[name]
        waits = _Waits(request, self._clock, self._sleep)
        # Stamina counts and reports the tries; it sleeps by no clock but its own, so `waits` does.
        for attempt in stamina.retry_context(on=waits, attempts=TRIES, timeout=None):
            with attempt:
                waits.tries = attempt.num
                return self._send(request)
        raise AssertionError("stamina raises what the last try raised")

    def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._inner.handle_request(request)
            response.request = request
            response.stream = Body(response.stream, called(request), self._monotonic)
            if request.extensions.get("stream") and response.is_success:
                return response
            try:
                response.read()
            finally:
                response.close()
        except httpx.HTTPError as error:
            # From None: the error's own text may repeat a header, and holds the whole request.
            raise network_error(request, error) from None
        self._judge(response)
        return response

    def _judge(self, response: httpx.Response) -> None:
        """Raise what the response means, unless it is good or the caller wants it as it is."""
        request, now = response.request, self._clock()
        error = self._dialect.error(response, now)
        accepted = response.status_code in request.extensions.get("accept", ())
        if accepted and not isinstance(error, RateLimited):
            return
        error = error or standard_error(response, now) or _broken(response)
        if error is not None:
            raise error

    def close(self) -> None:
        self._inner.close()


class _Waits:
    """Between two tries of one request: whether there is a next one, after a wait on our clock."""

    def __init__(self, request: httpx.Request, clock: Clock, sleep: Sleep) -> None:
        self._request = request
        self._safe = request.method in _SAFE_METHODS or bool(request.extensions.get("safe"))
        self._clock = clock
        self._sleep = sleep
        self._left_seconds = LONGEST_WAIT_SECONDS
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
        self._left_seconds -= seconds
        _log.info("%s; trying again in %.1f s", error, seconds)
        self._sleep(seconds)
        return 0.0


def network_error(request: httpx.Request, error: httpx.HTTPError) -> SourceError:
    """What became of a request that got no answer; the library's text is not repeated."""
    what = called(request)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return SourceRejectedUs(f"{what}: cannot be sent: look at the address and the token")
    if isinstance(error, httpx.TimeoutException):
        return SourceUnavailable(f"{what}: no answer in time")
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return SourceUnavailable(f"{what}: no connection")
    return SourceUnavailable(f"{what}: the answer broke off or is damaged")


def _broken(response: httpx.Response) -> SourceError | None:
    """Where JSON was asked for: a page for people, or JSON that does not parse."""
    if not response.is_success or response.status_code in _BODILESS:
        return None
    what = called(response.request)
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/html" and "json" in response.request.headers.get("accept", ""):
        return SourceUnavailable(f"{what}: a web page came instead of JSON")
    # GitHub calls a file's own bytes `vnd.github.raw+json`.
    is_json = kind == "application/json" or (kind.endswith("+json") and ".raw" not in kind)
    if is_json and response.request.method != "HEAD":
        try:
            json.loads(response.content)
        except (ValueError, RecursionError):
            return SourceUnavailable(f"{what}: the JSON is damaged")
    return None
