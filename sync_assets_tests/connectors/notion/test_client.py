"""Lists to their end, and what Notion means by its refusals."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from sync_assets.connectors.notion.client import MOST_ITEMS, whole
from sync_assets.connectors.notion.dialect import NOTION
from sync_assets.connectors.notion.payloads import Listed
from sync_assets.errors import (
    RateLimited,
    SourceError,
    SourceGone,
    SourceRejectedUs,
    SourceUnavailable,
    UnexpectedPayload,
)
from sync_assets_tests.fakes import FakeClock


def numbers(count: int, *, lies: int = 0) -> Callable[[int, str | None], Listed[int]]:
    """Pages of `range(count)`; the first `lies` of them say that they are the last."""
    told = iter([True] * lies)

    def page(size: int, cursor: str | None) -> Listed[int]:
        start = int(cursor or 0)
        end = start + size
        more = end < count and not next(told, False)
        found = [*range(start, min(end, count))]
        return Listed(results=found, has_more=more, next_cursor=str(end) if more else None)

    return page


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 250])
@pytest.mark.parametrize("lies", [0, 1])
def test_a_list_is_read_to_its_end_though_its_first_page_says_it_is_the_last(count: int, lies: int):
    assert whole(numbers(count, lies=lies), "numbers") == [*range(count)]


def test_pages_in_a_circle_are_an_error():
    with pytest.raises(UnexpectedPayload, match="pages lead in a circle"):
        whole(lambda size, _: Listed(results=[*range(size)], has_more=True, next_cursor="a"), "x")


def test_more_without_a_cursor_is_an_error():
    with pytest.raises(UnexpectedPayload, match="more is promised, without a cursor"):
        whole(lambda _, __: Listed(results=[1], has_more=True), "x")


def test_a_full_last_page_costs_one_more_call():
    asked = list[int]()

    def page(size: int, cursor: str | None) -> Listed[int]:
        asked.append(size)
        return numbers(MOST_ITEMS)(size, cursor)

    whole(page, "numbers")

    assert asked == [MOST_ITEMS, MOST_ITEMS - 1, MOST_ITEMS]


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (400, "validation_error", UnexpectedPayload, "validation_error: Notion refuses"),
        (401, "unauthorized", SourceRejectedUs, "unauthorized: fix the token"),
        (403, "restricted_resource", SourceRejectedUs, "lacks a capability"),
        (404, "object_not_found", SourceGone, "or not shared with the connection"),
        (409, "conflict_error", SourceUnavailable, "conflict_error: try again later"),
        (429, "rate_limited", RateLimited, r"rate limit \(some_reason\), until 12:00:07 UTC"),
        (529, "service_overload", RateLimited, "overloaded"),
    ],
)
def test_a_refusal_is_named_for_the_next_step(
    status: int, code: str, kind: type[SourceError], said: str, clock: FakeClock
):
    body = {
        "object": "error",
        "status": status,
        "code": code,
        "message": "a token ntn_secret and a title",
        "additional_data": {"rate_limit_reason": "some_reason"},
    }
    request = httpx.Request("GET", "https://api.notion.com/v1/pages/1?secret=1")
    answer = httpx.Response(status, json=body, headers={"retry-after": "7"}, request=request)

    error = NOTION.error(answer, clock())

    assert isinstance(error, kind)
    with pytest.raises(kind, match=said):
        raise error
    assert "secret" not in str(error)
    if kind is RateLimited:
        assert error.retry_at == clock() + timedelta(seconds=7)


def test_the_version_of_the_api_is_pinned():
    assert NOTION.headers == {"Notion-Version": "2026-03-11"}
