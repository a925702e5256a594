"""How a server speaks that has no limits or errors of its own: by status alone."""

from datetime import datetime

import httpx

from sync_assets.errors import SourceError
from sync_assets.http.dialect import BudgetReading, Dialect


class Plain(Dialect):
    """`name` is for messages."""

    background = False  # alerts go out at once

    def __init__(self, name: str) -> None:
        self.name = name

    def resource(self, request: httpx.Request) -> str:  # noqa: ARG002 - there is but one
        return "all"

    def budget(self, response: httpx.Response, now: datetime) -> BudgetReading | None:  # noqa: ARG002 - none is told
        return None

    def error(self, response: httpx.Response, now: datetime) -> SourceError | None:  # noqa: ARG002 - the status says it
        return None
