import json

import httpx
import pytest

from sync_assets.sandbox.faults import Truncated, html_page
from sync_assets.sandbox.github.faults import (
    Meanwhile,
    rate_limited,
    resource_limits_exceeded,
    secondary_limit,
    timed_out,
)
from sync_assets.sandbox.github.tracker import Tracker
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox
from sync_assets_tests.sandbox.github.queries import ask, data, post

PAGE = """query Page($size: Int!) { repository(owner: "acme", name: "x") {
  id issues(first: $size) { totalCount nodes { number } } } }"""
FEED = "/repos/acme/x/issues/comments"


@pytest.fixture
def tracker(sandbox: Sandbox, repository: Repository) -> Tracker:
    tracker = sandbox.trackers.of(repository)
    for n in range(4):
        tracker.comment(tracker.open_issue(f"Issue {n}").number, "A comment")
    return tracker


def test_a_heavy_page_times_out_until_it_is_small_enough(sandbox: Sandbox, tracker: Tracker):
    sandbox.faults.add(timed_out(), times=1000, service="Page", nodes_above=25)
    assert [post(sandbox, PAGE, size=size).status_code for size in (100, 50, 25)] == [502, 502, 200]


def test_exceeded_resources_come_as_partial_data_with_errors(sandbox: Sandbox, tracker: Tracker):
    sandbox.faults.add(resource_limits_exceeded(), service="Page")
    answer = ask(sandbox, PAGE, size=100)
    issues = answer["data"]["repository"]["issues"]
    assert issues == {"totalCount": 4, "nodes": [{"number": 1}, {"number": 2}, None, None]}
    assert [(error["type"], error["path"]) for error in answer["errors"]] == [
        ("RESOURCE_LIMITS_EXCEEDED", ["repository", "issues", "nodes", position])
        for position in (2, 3)
    ]
    assert data(sandbox, PAGE, size=100)["repository"]["issues"]["totalCount"] == 4


def test_a_used_up_hour_is_an_error_with_status_200(sandbox: Sandbox, tracker: Tracker):
    sandbox.faults.add(rate_limited(1_800_000_000), service="Page")
    response = post(sandbox, PAGE, size=9)
    assert response.status_code == 200
    assert response.json()["errors"][0]["type"] == "RATE_LIMITED"
    assert response.headers["x-ratelimit-reset"] == "1800000000"


def test_the_secondary_limit_strikes_a_feed_in_the_middle(
    sandbox: Sandbox, api: httpx.Client, tracker: Tracker
):
    first = api.get(FEED, params={"per_page": "2"})
    sandbox.faults.add(secondary_limit(30), service="issue-comments")
    following = first.links["next"]["url"]
    refused = api.get(following)
    assert (refused.status_code, refused.headers["retry-after"]) == (403, "30")
    assert len(api.get(following).json()) == 2


def test_an_item_goes_between_the_list_and_its_fetch(
    sandbox: Sandbox, api: httpx.Client, tracker: Tracker
):
    sandbox.faults.add(Meanwhile(lambda: tracker.delete(2)), service="issues")
    listed = [item["number"] for item in api.get("/repos/acme/x/issues").json()]
    assert listed == [4, 3, 2, 1]
    assert api.get("/repos/acme/x/issues/2").status_code == 410


def test_half_a_body_is_no_json(sandbox: Sandbox, tracker: Tracker):
    sandbox.faults.add(Truncated(after_bytes=40), service="Page")
    with pytest.raises(json.JSONDecodeError):
        post(sandbox, PAGE, size=9).json()
    sandbox.faults.add(html_page(), service="Page")
    assert post(sandbox, PAGE, size=9).headers["content-type"].startswith("text/html")
