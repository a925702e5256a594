"""A vendor invented for tests: plain JSON, limits in `x-*` headers, nothing of its own to say."""

from datetime import UTC, datetime

import httpx

from sync_assets.errors import SourceError
from sync_assets.http.dialect import BudgetReading, Dialect


class Vendor(Dialect):
    name = "vendor"
    headers = {"Accept": "application/json"}  # noqa: RUF012 - never changed

    def resource(self, request: httpx.Request) -> str:
        return "search" if request.url.path.startswith("/search") else "core"

    def budget(self, response: httpx.Response, now: datetime) -> BudgetReading | None:
        if "x-limit" not in response.headers:
            return None
        return BudgetReading(
            self.resource(response.request),
            int(response.headers["x-limit"]),
            int(response.headers["x-remaining"]),
            datetime.fromtimestamp(float(response.headers["x-reset"]), UTC),
        )

    def error(self, response: httpx.Response, now: datetime) -> SourceError | None:
        return None


VENDOR = Vendor()
