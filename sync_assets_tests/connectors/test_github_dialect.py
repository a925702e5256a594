"""GitHub's own ways of saying no; each shape once."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sync_assets.connectors.github.dialect import ENTERPRISE, GITHUB, dialect_of, graphql_url
from sync_assets.errors import (
    PageTooLarge,
    RateLimited,
    SourceError,
    SourceGone,
    SourceRejectedUs,
    SourceUnavailable,
    UnexpectedPayload,
)
from sync_assets.http.dialect import BudgetReading

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
RESET = NOW + timedelta(minutes=20)
REST = "https://api.github.com/repos/o/n/issues"
GRAPHQL = "https://api.github.com/graphql"
SPENT = {
    "x-ratelimit-limit": "5000",
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": str(int(RESET.timestamp())),
}
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}


def _response(
    status: int, body: object = None, headers: dict[str, str] | None = None, url: str = REST
) -> httpx.Response:
    request = httpx.Request("POST" if url == GRAPHQL else "GET", url)
    return httpx.Response(status, headers=headers, content=json.dumps(body), request=request)


def _meaning(
    status: int, body: object = None, headers: dict[str, str] | None = None, url: str = REST
) -> SourceError | None:
    return GITHUB.error(_response(status, body, headers, url), NOW)


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    ("headers", "body", "until"),
    [
        ({"retry-after": "75"} | SPENT, {}, NOW + timedelta(seconds=75)),
        ({"retry-after": "Thu, 01 Jan 2026 12:02:00 GMT"}, {}, NOW + timedelta(minutes=2)),
        (SPENT, {"message": "API rate limit exceeded for user ID 1."}, RESET),
        (SPENT | {"x-ratelimit-remaining": "8"}, SECONDARY, NOW + timedelta(seconds=60)),
        ({}, SECONDARY, NOW + timedelta(seconds=60)),
    ],
    ids=["retry-after", "date", "spent", "secondary", "secondary-bare"],
)
def test_limit_of_rest_is_over_when_github_says(
    status: int, headers: dict[str, str], body: object, until: datetime
):
    error = _meaning(status, body, headers)

    assert isinstance(error, RateLimited)
    assert error.retry_at == until


def test_403_that_is_no_limit_is_left_to_its_status():
    assert _meaning(403, {"message": "Resource not accessible by integration"}) is None


def test_403_of_single_sign_on_says_what_to_do():
    error = _meaning(403, {}, {"X-GitHub-SSO": "required; url=https://github.com/orgs/o/sso?x=1"})

    assert isinstance(error, SourceRejectedUs)
    assert "SSO" in str(error)


@pytest.mark.parametrize(
    ("body", "headers", "until"),
    [
        (
            {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]},
            SPENT,
            RESET,
        ),
        ({"errors": [{"message": SECONDARY["message"]}]}, {}, NOW + timedelta(seconds=60)),
        (
            {"errors": [{"type": "RATE_LIMIT", "message": "exceeded"}]},
            SPENT,
            RESET,
        ),
        (
            {"data": {"x": 1}, "errors": [{"type": "RATE_LIMITED"}]},
            {"retry-after": "90"},
            NOW + timedelta(seconds=90),
        ),
    ],
)
def test_limit_of_graphql_comes_with_status_200(
    body: object, headers: dict[str, str], until: datetime
):
    error = _meaning(200, body, headers, GRAPHQL)

    assert isinstance(error, RateLimited)
    assert error.retry_at == until


def test_secondary_limit_of_graphql_comes_with_403_too():
    assert isinstance(_meaning(403, SECONDARY, {}, GRAPHQL), RateLimited)


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ([{"type": "RESOURCE_LIMITS_EXCEEDED", "message": "limits exceeded"}], PageTooLarge),
        ([{"type": "MAX_NODE_LIMIT_EXCEEDED", "message": "500,000"}], PageTooLarge),
        ([{"message": "Something went wrong while executing your query."}], PageTooLarge),
        ([{"type": "NOT_FOUND", "message": "no repository"}], SourceGone),
        ([{"type": "FORBIDDEN", "message": "no"}], SourceRejectedUs),
        ([{"type": "INTERNAL", "message": "oops"}], SourceUnavailable),
        ([{"type": "INVALID_CURSOR_ARGUMENTS", "message": "no cursor"}], SourceUnavailable),
        ([{"message": "Field 'x' doesn't exist on type 'Issue'"}], UnexpectedPayload),
    ],
)
def test_graphql_error_is_named_by_its_type(errors: object, kind: type[SourceError]):
    assert type(_meaning(200, {"errors": errors}, {}, GRAPHQL)) is kind


def test_partial_data_with_any_error_is_a_failed_page():
    body = {"data": {"a": 1}, "errors": [{"message": "who knows"}]}

    assert type(_meaning(200, body, {}, GRAPHQL)) is PageTooLarge


@pytest.mark.parametrize("status", [502, 504])
def test_gateway_failures_of_graphql_mean_a_page_too_large_and_of_rest_an_outage(status: int):
    assert type(_meaning(status, None, {}, GRAPHQL)) is PageTooLarge
    assert _meaning(status) is None


def test_422_repeats_githubs_own_words_on_one_line():
    error = _meaning(422, {"message": "use cursor\nbased pagination"})

    assert isinstance(error, UnexpectedPayload)
    assert str(error) == f"GET {REST}: HTTP 422: use cursor based pagination"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"errors": "x"}'])
def test_no_body_surprises_it(body: bytes):
    for url in (REST, GRAPHQL):
        for status in (200, 403, 422, 500):
            request = httpx.Request("POST", url)
            GITHUB.error(httpx.Response(status, content=body, request=request), NOW)


def test_budget_is_read_by_the_resource_that_github_names():
    headers = SPENT | {"x-ratelimit-resource": "search", "x-ratelimit-remaining": "7"}

    assert GITHUB.budget(_response(200, [], headers), NOW) == BudgetReading(
        "search", 5000, 7, RESET
    )
    assert GITHUB.budget(_response(200, []), NOW) is None


def test_each_endpoint_draws_on_its_budget():
    def resource(url: str) -> str:
        return GITHUB.resource(httpx.Request("GET", url))

    assert resource(REST) == "core"
    assert resource(GRAPHQL) == "graphql"
    assert resource("https://ghe.example/api/graphql") == "graphql"
    assert resource("https://api.github.com/search/issues") == "search"
    assert resource("https://api.github.com/search/code") == "code_search"


def test_graphql_address_and_version_follow_from_the_api_address():
    assert graphql_url("https://api.github.com/") == "https://api.github.com/graphql"
    assert graphql_url("http://127.0.0.1:1/api/v3") == "http://127.0.0.1:1/api/graphql"
    assert dialect_of("https://api.github.com/") is GITHUB
    assert dialect_of("https://ghe.example/api/v3") is ENTERPRISE
    assert GITHUB.headers["X-GitHub-Api-Version"] == "2026-03-10"
