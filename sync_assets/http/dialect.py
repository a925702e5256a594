"""How a vendor speaks of limits and failures: all that the HTTP layer knows of a vendor.

A dialect is pure: functions of requests and responses, given beside each connector's `client.py`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import MappingProxyType

import httpx

from sync_assets.control.grants import UNTOLD_WAIT
from sync_assets.errors import (
    PageTooLarge,
    RateLimited,
    SourceError,
    SourceGone,
    SourceRejectedUs,
    SourceUnavailable,
    UnexpectedPayload,
)
from sync_assets.http.public import called

_REJECTED = (SourceRejectedUs, "fix the token or its permissions")
_GONE = (SourceGone, "deleted, or no access with these credentials")
_TOO_LARGE = (PageTooLarge, "too much at once")
_FINAL: Mapping[int, tuple[type[SourceError], str]] = {
    401: _REJECTED,
    403: _REJECTED,
    407: _REJECTED,
    404: _GONE,
    410: _GONE,
    451: _GONE,
    413: _TOO_LARGE,
    414: _TOO_LARGE,
    431: _TOO_LARGE,
}


@dataclass(frozen=True, slots=True)
class BudgetReading:
    """What a response says of one resource's budget: points a window; `reset_at` is aware UTC."""

    resource: str
    limit: int
    remaining: int
    reset_at: datetime


@dataclass(frozen=True, slots=True)
class MinuteLimits:
    """What a vendor allows a minute beside the budget that it tells, by its documentation."""

    points: int | None = None
    seconds: float | None = None
    """Of its servers' work, as far as answers' times show it."""


class Dialect(ABC):
    """One vendor's way of speaking. Holds no state."""

    name: str
    """For messages and as part of the budget's key: `github`."""
    headers: Mapping[str, str] = MappingProxyType({})
    """Sent with every request that does not set its own: API version, `Accept`."""

    at_once: int | None = None
    """How many calls of one credential may be under way, over all resources."""
    unchanged_is_free: bool = False
    """Whether a 304 costs no points, for a request that says who we are."""
    background: bool = True
    """Whether its calls may wait for the end of quiet hours: nobody waits for them."""

    @abstractmethod
    def resource(self, request: httpx.Request) -> str:
        """Which of the vendor's budgets the request draws on: `core`, `graphql`."""

    def cost(self, request: httpx.Request) -> int:
        """Points that the request costs; `request.extensions["cost"]` where the caller knows."""
        return int(request.extensions.get("cost", 1))

    def minute(self, resource: str) -> MinuteLimits:  # noqa: ARG002 - vendors without such limits
        """The limits a minute."""
        return MinuteLimits()

    def minute_points(self, request: httpx.Request) -> int:  # noqa: ARG002 - as above
        """What the request counts against `MinuteLimits.points`."""
        return 1

    def may_grow_unseen(self, response: httpx.Response) -> bool:  # noqa: ARG002 - vendors that page otherwise
        """Whether more of a list could follow though this page of it stays the same: a later 304
        would hide that.
        """
        return False

    @abstractmethod
    def budget(self, response: httpx.Response, now: datetime) -> BudgetReading | None:
        """The budget as the response's headers tell it; None where they do not."""

    @abstractmethod
    def error(self, response: httpx.Response, now: datetime) -> SourceError | None:
        """What a read response means where this vendor means something of its own by it.

        None leaves it to `standard_error`. Also sees failures with status 200;
        `response.request` is set. RateLimited carries `retry_at`; SourceUnavailable is tried again
        where the request is safe; the rest is final.
        """


def standard_error(response: httpx.Response, now: datetime) -> SourceError | None:
    """What the status alone means; None where the response is good."""
    status = response.status_code
    if status < HTTPStatus.BAD_REQUEST:
        return None
    what = f"{called(response.request)}: HTTP {status}"
    until = retry_after(response, now)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(f"{what}: too many requests", retry_at=until or now + UNTOLD_WAIT)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return SourceUnavailable(what, retry_at=until)
    kind, advice = _FINAL.get(status, (UnexpectedPayload, "the vendor refuses our request"))
    return kind(f"{what}: {advice}")


def retry_after(response: httpx.Response, now: datetime) -> datetime | None:
    """The header `Retry-After`, in seconds or as a date; None where there is none to be read."""
    text = response.headers.get("retry-after", "").strip()
    try:
        return now + timedelta(seconds=max(0.0, float(text)))
    except (ValueError, OverflowError):
        pass
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    # A date without a zone is meant as UTC (RFC 9110, 5.6.7).
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
