"""How a vendor speaks of limits and failures: all that the HTTP layer knows of a vendor.

A dialect is pure: functions of requests and responses, given in each connector's `client.py`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime

import httpx

from sync_assets.errors import SourceError


@dataclass(frozen=True, slots=True)
class BudgetReading:
    """What a response says of one resource's budget: points a window; `reset_at` is aware UTC."""

    resource: str
    limit: int
    remaining: int
    reset_at: datetime


class Dialect(ABC):
    """One vendor's way of speaking. Holds no state."""

    name: str
    """For messages and as part of the budget's key: `github`."""

    @abstractmethod
    def resource(self, request: httpx.Request) -> str:
        """Which of the vendor's budgets the request draws on: `core`, `graphql`."""

    def cost(self, request: httpx.Request) -> int:
        """Points that the request costs; `request.extensions["cost"]` where the caller knows."""
        return int(request.extensions.get("cost", 1))

    @abstractmethod
    def budget(self, response: httpx.Response, now: datetime) -> BudgetReading | None:
        """The budget as the response's headers tell it; None where they do not."""

    @abstractmethod
    def error(self, response: httpx.Response, now: datetime) -> SourceError | None:
        """What a read response means, or None where it is good. Also sees failures with status 200.

        RateLimited carries `retry_at`; SourceUnavailable and PageTooLarge may pass; the rest is
        final.
        """
