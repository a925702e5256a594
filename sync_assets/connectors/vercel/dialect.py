"""How Vercel speaks of limits. Pure.

https://vercel.com/docs/limits#rate-limits
"""

from datetime import UTC, datetime

import httpx

from sync_assets.errors import RateLimited, SourceError
from sync_assets.http.dialect import UNTOLD_WAIT, BudgetReading, Dialect, retry_after
from sync_assets.http.public import called

TOO_MANY = 429


class VercelDialect(Dialect):
    """The REST API: a budget for each kind of call, told in every answer."""

    name = "vercel"

    def resource(self, request: httpx.Request) -> str:
        """`deployments` of `/v13/deployments/dpl_1`: each kind of call has a limit of its own."""
        parts = [part for part in request.url.path.split("/") if part]
        kinds = [part for part in parts if part in {"deployments", "projects", "aliases", "deploy"}]
        return kinds[0] if kinds else "other"

    def budget(self, response: httpx.Response, now: datetime) -> BudgetReading | None:  # noqa: ARG002 - Vercel tells the moment itself
        headers = response.headers
        try:
            return BudgetReading(
                resource=self.resource(response.request),
                limit=int(headers["x-ratelimit-limit"]),
                remaining=int(headers["x-ratelimit-remaining"]),
                reset_at=datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC),
            )
        except (KeyError, ValueError, OverflowError):
            return None

    def error(self, response: httpx.Response, now: datetime) -> SourceError | None:
        if response.status_code != TOO_MANY:
            return None
        reading = self.budget(response, now)
        until = retry_after(response, now) or (reading and reading.reset_at) or now + UNTOLD_WAIT
        return RateLimited(
            f"{called(response.request)}: Vercel's rate limit, until {until:%H:%M:%S} UTC",
            retry_at=until,
        )


VERCEL = VercelDialect()
