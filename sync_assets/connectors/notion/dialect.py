"""How Notion speaks of limits and failures. Pure.

https://developers.notion.com/reference/request-limits
https://developers.notion.com/reference/status-codes
"""

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

import httpx

from sync_assets.errors import (
    RateLimited,
    SourceError,
    SourceGone,
    SourceRejectedUs,
    SourceUnavailable,
    UnexpectedPayload,
)
from sync_assets.http.dialect import UNTOLD_WAIT, BudgetReading, Dialect, retry_after
from sync_assets.http.public import called

VERSION: Final = "2026-03-11"
_CODE = re.compile(rb'"code"\s*:\s*"([a-z_]{1,60})"')
_REASON = re.compile(rb'"rate_limit_reason"\s*:\s*"([a-z_]{1,60})"')
_LIMITS: Mapping[int, str] = MappingProxyType(
    {429: "Notion's rate limit", 529: "Notion is overloaded"}
)
_ERRORS: Mapping[int, tuple[type[SourceError], str]] = MappingProxyType(
    {
        400: (UnexpectedPayload, "Notion refuses our request"),
        401: (SourceRejectedUs, "fix the token"),
        403: (SourceRejectedUs, "the connection lacks a capability"),
        404: (SourceGone, "deleted, or not shared with the connection"),
        409: (SourceUnavailable, "try again later"),
    }
)


class NotionDialect(Dialect):
    """The REST API: one budget a minute for a connection, told only when it is exceeded.

    An overloaded service says when to come back as a limit does, and is left alone until then.
    """

    name = "notion"
    headers = MappingProxyType({"Notion-Version": VERSION})

    def resource(self, request: httpx.Request) -> str:  # noqa: ARG002 - there is but one budget
        return "requests"

    def budget(self, response: httpx.Response, now: datetime) -> BudgetReading | None:  # noqa: ARG002 - Notion tells none
        return None

    def error(self, response: httpx.Response, now: datetime) -> SourceError | None:
        status, what = response.status_code, called(response.request)
        if status in _LIMITS:
            until = retry_after(response, now) or now + UNTOLD_WAIT
            reason = _REASON.search(response.content)
            told = f" ({reason[1].decode()})" if reason else ""
            text = f"{what}: {_LIMITS[status]}{told}, until {until:%H:%M:%S} UTC"
            return RateLimited(text, retry_at=until)
        if status not in _ERRORS:
            return None
        kind, advice = _ERRORS[status]
        found = _CODE.search(response.content)
        code = found[1].decode() if found else f"HTTP {status}"
        return kind(f"{what}: {code}: {advice}")


NOTION = NotionDialect()
