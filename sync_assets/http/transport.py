"""The transport under every client: one request in, one good response or one typed error out."""

from collections.abc import Callable
from http import HTTPStatus

import httpx
import stamina
import stamina.instrumentation

from sync_assets.control.budget import Ask
from sync_assets.control.budgets import BudgetKey
from sync_assets.control.database import Clock
from sync_assets.errors import RateLimited
from sync_assets.http.body import Body
from sync_assets.http.broken import broken, network_error
from sync_assets.http.credentials import ANONYMOUS
from sync_assets.http.dialect import Dialect, standard_error
from sync_assets.http.public import called, origin
from sync_assets.http.rate_limit import Call, Governor, Ticket
from sync_assets.http.waits import TRIES, Sleep, Waits

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

# By itself stamina prints retries to stdout, which is for answers; we log them.
stamina.instrumentation.set_on_retry_hooks(())


class GovernedTransport(httpx.BaseTransport):
    """Sends through `inner`; the body is read here, so that a broken one is an error here.

    Of `request.extensions` it knows `safe` (may be sent twice), `accept` (statuses wanted back),
    `stream` (the caller reads the body, and closes), `cost`, `secret_path`, `patience` (seconds it
    may wait). A 304 that the vendor gives for free costs nothing.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        dialect: Dialect,
        base_url: httpx.URL,
        *,
        credential: str,
        governor: Governor,
        clock: Clock,
        monotonic: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        self._inner = inner
        self._dialect = dialect
        self._credential = credential
        self._governor = governor
        self._origin = origin(base_url)
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        credential = self._credential
        if origin(request.url) != self._origin:
            credential = ANONYMOUS.key
            for name in set(request.headers) - _FOREIGN_HEADERS:
                del request.headers[name]
        call = self._call(request, credential)
        waits = Waits(request, self._clock, self._sleep)
        # Stamina counts and reports the tries; it sleeps by no clock but its own, so `waits` does.
        for attempt in stamina.retry_context(on=waits, attempts=TRIES, timeout=None):
            with attempt:
                waits.tries = attempt.num
                return self._send(request, self._governor.enter(call, waits.pause))
        raise AssertionError("stamina raises what the last try raised")

    def _call(self, request: httpx.Request, credential: str) -> Call:
        dialect = self._dialect
        resource = dialect.resource(request)
        return Call(
            dialect.name,
            BudgetKey(request.url.netloc.decode("ascii", "replace"), credential, resource),
            Ask(dialect.cost(request), dialect.minute_points(request)),
            dialect.minute(resource),
            dialect.at_once,
            dialect.background,
        )

    def _send(self, request: httpx.Request, ticket: Ticket) -> httpx.Response:
        began, body, handed_over = self._monotonic(), None, False
        try:
            response = self._inner.handle_request(request)
            response.request = request
            body = Body(response.stream, called(request), self._monotonic)
            response.stream = body
            seconds = self._monotonic() - began
            reading = self._dialect.budget(response, self._clock())
            ticket.answered(reading, seconds, free=self._free(response))
            if request.extensions.get("stream") and response.is_success:
                body.ended, handed_over = ticket.close, True
                return response
            try:
                response.read()
            finally:
                response.close()
            self._judge(response, ticket)
        except httpx.HTTPError as error:
            # From None: the error's own text may repeat a header, and holds the whole request.
            raise network_error(request, error) from None
        finally:
            if not handed_over:
                ticket.close(0 if body is None else body.size)
        return response

    def _free(self, response: httpx.Response) -> bool:
        unchanged = response.status_code == HTTPStatus.NOT_MODIFIED
        known = "authorization" in response.request.headers
        return unchanged and known and self._dialect.unchanged_is_free

    def _judge(self, response: httpx.Response, ticket: Ticket) -> None:
        """Raise what the response means, unless it is good or the caller wants it as it is."""
        request, now = response.request, self._clock()
        error = self._dialect.error(response, now)
        accepted = response.status_code in request.extensions.get("accept", ())
        if error is None and not accepted:
            error = standard_error(response, now) or broken(response)
        if isinstance(error, RateLimited):
            ticket.refused(error.retry_at, now)
            raise error
        ticket.good()
        if error is not None and not accepted:
            raise error

    def close(self) -> None:
        self._inner.close()
