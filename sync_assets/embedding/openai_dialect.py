"""How OpenAI, and the servers that speak its API, tell of limits and failures.

Compatible servers (vLLM, Ollama, TEI, llama.cpp) refuse what is too much for them with many
statuses, so each refusal that may come from size is `PageTooLarge`: the embedder asks for less, and
gives up only at a text that cannot be cut any further.
"""

import re
from datetime import datetime, timedelta
from typing import Any, cast

import httpx
from pydantic import TypeAdapter, ValidationError

from sync_assets.embedding.openai_sending import BYTES_A_TOKEN
from sync_assets.errors import (
    PageTooLarge,
    RateLimited,
    SourceError,
    SourceGone,
    SourceRejectedUs,
    SourceUnavailable,
)
from sync_assets.http.dialect import UNTOLD_WAIT, BudgetReading, Dialect, retry_after
from sync_assets.http.public import called

_OBJECT = TypeAdapter(dict[str, Any])
_REFUSES, _NOT_FOUND, _TOO_MANY, _SERVER_FAILS = 400, 404, 429, 500
_LIMITED = ("requests", "tokens")
_LONGEST_QUOTE = 200
_TOO_LARGE = re.compile(r"(?i)too (large|long|many)|context (length|size)|exceed|batch size")
_PARAMETER = re.compile(r"(?i)dimensions|matryoshka")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}


class OpenAIDialect(Dialect):
    """One budget, of tokens: what a vendor limits first where texts are embedded in batches."""

    name = "openai"
    background = False

    def resource(self, request: httpx.Request) -> str:  # noqa: ARG002 - all draw on one
        return "tokens"

    def cost(self, request: httpx.Request) -> int:
        return len(request.content) // BYTES_A_TOKEN + 1

    def budget(self, response: httpx.Response, now: datetime) -> BudgetReading | None:
        headers = response.headers
        try:
            limit = int(headers["x-ratelimit-limit-tokens"])
            remaining = int(headers["x-ratelimit-remaining-tokens"])
        except (KeyError, ValueError):
            return None
        reset = duration(headers.get("x-ratelimit-reset-tokens", "")) or timedelta()
        return BudgetReading("tokens", limit, remaining, now + reset)

    def error(self, response: httpx.Response, now: datetime) -> SourceError | None:
        status = response.status_code
        if status < _REFUSES:
            return None
        code, message = _told(response)
        place = f"{called(response.request)}: HTTP {status}"
        if status == _TOO_MANY:
            return _limited(place, code, _until(response, now))
        if status in {401, 403}:
            return SourceRejectedUs(f"{place}: fix SYNC_ASSETS_OPENAI_API_KEY")
        said = f"{place}: {message}" if message else place
        if status == _NOT_FOUND:
            return SourceGone(f"{said}: fix SYNC_ASSETS_OPENAI_MODEL or _BASE_URL")
        return _refused(status, said, message)


def _limited(place: str, code: str, retry_at: datetime) -> SourceError:
    if code == "insufficient_quota":
        return SourceRejectedUs(
            f"{place}: the account's quota is used up (insufficient_quota): add credit or raise its"
            " limit; waiting does not help"
        )
    return RateLimited(f"{place}: too many requests", retry_at=retry_at)


def _refused(status: int, said: str, message: str) -> SourceError:
    if status in {400, 413, 422}:
        if _PARAMETER.search(message):
            return SourceRejectedUs(f"{said}: unset SYNC_ASSETS_OPENAI_DIMENSIONS")
        return PageTooLarge(said)
    if status >= _SERVER_FAILS:
        return PageTooLarge(said) if _TOO_LARGE.search(message) else SourceUnavailable(said)
    return SourceRejectedUs(f"{said}: fix SYNC_ASSETS_OPENAI_BASE_URL")


def duration(text: str) -> timedelta | None:
    """`6m0s`, `12ms`, `1h2m3.5s` as a duration; None for anything else."""
    found = _DURATION.findall(text)
    if not found or "".join(number + unit for number, unit in found) != text:
        return None
    return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in found))


def _until(response: httpx.Response, now: datetime) -> datetime:
    """When a refused caller may return: as told, else when the slower of the windows resets."""
    told = retry_after(response, now)
    if told is not None:
        return told
    resets = [duration(response.headers.get(f"x-ratelimit-reset-{what}", "")) for what in _LIMITED]
    return now + max((wait for wait in resets if wait is not None), default=UNTOLD_WAIT)


def _told(response: httpx.Response) -> tuple[str, str]:
    """The error's code and its message as one short line, in whichever shape it comes."""
    try:
        body = _OBJECT.validate_json(response.content)
    except ValidationError:
        return "", ""
    error: Any = body.get("error") or body
    fields = cast("dict[str, Any]", error) if isinstance(error, dict) else {"message": error}
    code, kind, message = (str(fields.get(name) or "") for name in ("code", "type", "message"))
    return (
        kind if kind == "insufficient_quota" else code,
        _without_key(response, " ".join(message.split()))[:_LONGEST_QUOTE],
    )


def _without_key(response: httpx.Response, message: str) -> str:
    key = response.request.headers.get("authorization", "").partition(" ")[2]
    return message.replace(key, "***") if key else message
