"""Linear's own ways of saying no, and how much is left."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sync_assets.connectors.linear.dialect import LINEAR
from sync_assets.errors import (
    PageTooLarge,
    RateLimited,
    SourceError,
    SourceGone,
    SourceRejectedUs,
    SourceUnavailable,
    UnexpectedPayload,
)
from sync_assets.http.dialect import UNTOLD_WAIT, BudgetReading

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SOON, LATER = NOW + timedelta(minutes=5), NOW + timedelta(minutes=40)


def headers(requests: int, complexity: int) -> dict[str, str]:
    """What is left of 2,500 and 3,000,000."""
    return {
        "x-complexity": "60",
        "x-ratelimit-requests-limit": "2500",
        "x-ratelimit-requests-remaining": str(requests),
        "x-ratelimit-requests-reset": str(round(SOON.timestamp() * 1000)),
        "x-ratelimit-complexity-limit": "3000000",
        "x-ratelimit-complexity-remaining": str(complexity),
        "x-ratelimit-complexity-reset": str(round(LATER.timestamp() * 1000)),
    }


def response(
    status: int, body: object = None, told: dict[str, str] | None = None, cost: int = 1
) -> httpx.Response:
    request = httpx.Request("POST", "https://api.linear.app/graphql", extensions={"cost": cost})
    return httpx.Response(status, headers=told, content=json.dumps(body), request=request)


def error(
    message: str, code: str = "", kind: str = "", data: object = None, shown: str = ""
) -> object:
    extensions = {"code": code, "type": kind, "userPresentableMessage": shown}
    return {"data": data, "errors": [{"message": message, "extensions": extensions}]}


LIMITED = error("Rate limit exceeded", "RATELIMITED", "ratelimited")


@pytest.mark.parametrize("status", [200, 400, 429])
@pytest.mark.parametrize(
    ("told", "until"),
    [
        ({"retry-after": "75"}, NOW + timedelta(seconds=75)),
        (headers(0, 2_000_000), SOON),
        (headers(2_000, 90), LATER),
        ({}, NOW + UNTOLD_WAIT),
    ],
    ids=["retry-after", "requests", "complexity", "untold"],
)
def test_a_limit_is_over_when_linear_says(status: int, told: dict[str, str], until: datetime):
    meant = LINEAR.error(response(status, LIMITED, told), NOW)

    assert isinstance(meant, RateLimited)
    assert meant.retry_at == until


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (error("Query too complex", "INPUT_ERROR", "invalid input"), PageTooLarge),
        (
            error("Argument Validation Error", shown="first must not be greater than 100."),
            PageTooLarge,
        ),
        (error("Entity not found: Issue", "INPUT_ERROR", "invalid input"), SourceGone),
        (error("No", "AUTHENTICATION_ERROR", "authentication error"), SourceRejectedUs),
        (error("No", "FORBIDDEN", "forbidden"), SourceRejectedUs),
        (error("Oh", "INTERNAL_SERVER_ERROR", "internal error"), SourceUnavailable),
        (error("Oh", "", "lock timeout", {"issues": None}), SourceUnavailable),
        (error("Argument Validation Error", "INPUT_ERROR", "invalid input"), UnexpectedPayload),
        (error("Some of it", "", "", {"issues": {"nodes": []}}), UnexpectedPayload),
        ({"errors": [{"message": "two\nlines"}]}, UnexpectedPayload),
    ],
)
def test_each_refusal_has_its_meaning(body: object, kind: type[SourceError]):
    for status in (200, 400):
        meant = LINEAR.error(response(status, body), NOW)

        assert type(meant) is kind
        assert "\n" not in str(meant)


def test_what_linear_shows_to_people_is_told():
    body = error("Query too complex", "INPUT_ERROR", shown="Complexity: 31375. Maximum: 10000.")

    assert "Complexity: 31375" in str(LINEAR.error(response(400, body), NOW))


@pytest.mark.parametrize("body", [{"data": {}}, {"data": {}, "errors": None}, [], "no", None])
def test_what_names_no_error_is_left_to_others(body: object):
    assert LINEAR.error(response(200, body), NOW) is None
    assert LINEAR.error(response(503, body), NOW) is None


@pytest.mark.parametrize(
    ("told", "reading"),
    [
        (headers(2_000, 2_999_000), BudgetReading("graphql", 2_500, 2_000, SOON)),
        (headers(2_000, 1_200_000), BudgetReading("graphql", 2_500, 1_000, LATER)),
        (headers(0, 0), BudgetReading("graphql", 2_500, 0, SOON)),
        ({}, None),
        ({"x-ratelimit-requests-limit": "many"}, None),
    ],
)
def test_the_budget_that_is_nearer_its_end_is_the_one_that_counts(
    told: dict[str, str], reading: BudgetReading | None
):
    assert LINEAR.budget(response(200, {}, told), NOW) == reading


def test_one_budget_alone_is_taken_as_it_is():
    told = {name: value for name, value in headers(7, 8).items() if "requests" in name}

    assert LINEAR.budget(response(200, {}, told), NOW) == BudgetReading("graphql", 2_500, 7, SOON)


@pytest.mark.parametrize(("points", "cost"), [(1, 1), (999, 1), (1_001, 2), (10_000, 10)])
def test_a_call_costs_its_share_of_the_hour(points: int, cost: int):
    assert LINEAR.cost(response(200, cost=points).request) == cost
