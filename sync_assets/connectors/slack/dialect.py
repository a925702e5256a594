"""How Slack speaks of limits and failures. Pure.

https://docs.slack.dev/apis/web-api/rate-limits
"""

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

import httpx

from sync_assets.errors import (
    RateLimited,
    SourceError,
    SourceGone,
    SourceRejectedUs,
    SourceUnavailable,
    UnexpectedPayload,
)
from sync_assets.http.dialect import UNTOLD_WAIT, BudgetReading, Dialect, MinuteLimits, retry_after
from sync_assets.http.public import called

RateTier = Literal["internal", "distributed"]
TOO_MANY: Final = 429
_FAILED = re.compile(rb'"ok"\s*:\s*false')
_ERROR = re.compile(rb'"error"\s*:\s*"([a-z_]{1,60})"')
_NEEDED = re.compile(rb'"needed"\s*:\s*"([a-z_:,. ]{1,200})"')
_TOKEN = "fix the token"  # noqa: S105 - advice
_ERRORS: Mapping[str, tuple[type[SourceError], str]] = MappingProxyType(
    {
        "not_in_channel": (SourceRejectedUs, "invite the bot to the channel"),
        "missing_scope": (SourceRejectedUs, "the app needs another scope"),
        "no_permission": (SourceRejectedUs, "the token may not read this"),
        "access_denied": (SourceRejectedUs, "the token may not read this"),
        "not_allowed_token_type": (SourceRejectedUs, _TOKEN),
        "ekm_access_denied": (SourceRejectedUs, "the workspace's keys are withheld"),
        "invalid_auth": (SourceRejectedUs, _TOKEN),
        "not_authed": (SourceRejectedUs, _TOKEN),
        "token_expired": (SourceRejectedUs, _TOKEN),
        "token_revoked": (SourceRejectedUs, _TOKEN),
        "account_inactive": (SourceRejectedUs, "the token's user or workspace is deactivated"),
        "channel_not_found": (SourceGone, "deleted, or private and the bot is not in it"),
        "thread_not_found": (SourceGone, "deleted"),
        "user_not_found": (SourceGone, "nobody that the token may see"),
        "user_not_visible": (SourceGone, "nobody that the token may see"),
        "internal_error": (SourceUnavailable, "try again later"),
        "fatal_error": (SourceUnavailable, "try again later"),
        "service_unavailable": (SourceUnavailable, "try again later"),
        "request_timeout": (SourceUnavailable, "try again later"),
        "team_added_to_org": (SourceUnavailable, "the workspace is being migrated"),
    }
)


class SlackDialect(Dialect):
    """The Web API: a limit a minute for each method, told only when it is exceeded."""

    def __init__(self, tier: RateTier) -> None:
        self.name = "slack" if tier == "internal" else f"slack-{tier}"
        self.tier = tier

    def resource(self, request: httpx.Request) -> str:
        """`conversations.history`: each method has a limit of its own."""
        return request.url.path.rsplit("/", 1)[-1]

    def minute(self, resource: str) -> MinuteLimits:
        if self.tier == "distributed" and resource in {
            "conversations.history",
            "conversations.replies",
        }:
            return MinuteLimits(points=1)
        # 50 and more, 20 and more: what "more" is Slack tells by refusing.
        return MinuteLimits()

    def budget(self, response: httpx.Response, now: datetime) -> BudgetReading | None:  # noqa: ARG002 - Slack tells none
        return None

    def error(self, response: httpx.Response, now: datetime) -> SourceError | None:
        what = called(response.request)
        if response.status_code == TOO_MANY:
            return _limited(what, response, now)
        if not response.is_success or not _FAILED.search(response.content[:500]):
            return None
        found = _ERROR.search(response.content)
        code = found[1].decode() if found else "an unnamed error"
        if code in {"ratelimited", "rate_limited"}:
            return _limited(what, response, now)
        kind, advice = _ERRORS.get(code, (UnexpectedPayload, "Slack refuses our request"))
        needed = _NEEDED.search(response.content)
        return kind(f"{what}: {code}: {advice}" + (f": {needed[1].decode()}" if needed else ""))


def _limited(what: str, response: httpx.Response, now: datetime) -> RateLimited:
    until = retry_after(response, now) or now + UNTOLD_WAIT
    return RateLimited(f"{what}: Slack's rate limit, until {until:%H:%M:%S} UTC", retry_at=until)


DIALECTS: Mapping[RateTier, SlackDialect] = MappingProxyType(
    {"internal": SlackDialect("internal"), "distributed": SlackDialect("distributed")}
)
