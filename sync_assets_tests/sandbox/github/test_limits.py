from concurrent.futures import ThreadPoolExecutor

import httpx

from sync_assets.sandbox.faults import Stalled
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.sandbox.github.official import assert_official

HEAD = "/repos/acme/x/commits/HEAD"
SHA = {"accept": "application/vnd.github.sha"}


def told(answer: httpx.Response) -> dict[str, str]:
    prefix = "x-ratelimit-"
    return {
        name.removeprefix(prefix): value
        for name, value in answer.headers.items()
        if name.startswith(prefix)
    }


def test_every_answer_tells_the_budget(api: httpx.Client, repository: Repository, clock: FakeClock):
    api.get(HEAD)
    answer = api.get(HEAD)

    assert told(answer) == {
        "limit": "5000",
        "remaining": "4998",
        "used": "2",
        "reset": str(int(clock().timestamp()) + 3600),
        "resource": "core",
    }


def test_unchanged_costs_nothing_with_a_token_and_one_without(
    api: httpx.Client, sandbox: Sandbox, repository: Repository
):
    known = {**SHA, "if-none-match": f'"{repository.head()}"'}

    with_token = api.get(HEAD, headers=known)
    without = httpx.get(f"{sandbox.url}/api/v3{HEAD}", headers=known)

    assert (with_token.status_code, told(with_token)["used"]) == (304, "0")
    assert (without.status_code, told(without)["remaining"]) == (304, "59")


def test_spent_budget_is_refused_until_the_hour_is_over(
    api: httpx.Client, sandbox: Sandbox, repository: Repository, clock: FakeClock
):
    sandbox.limits.core = 1
    api.get(HEAD)

    refused = api.get(HEAD)
    clock.advance(3601)

    assert (refused.status_code, told(refused)["remaining"]) == (403, "0")
    assert "retry-after" not in refused.headers
    assert [each.limit for each in sandbox.limits.refused] == ["primary"]
    assert api.get(HEAD).status_code == 200


def test_secondary_limit_says_how_long_to_wait(
    api: httpx.Client, sandbox: Sandbox, repository: Repository, clock: FakeClock
):
    sandbox.limits.rest_points_a_minute = 2
    sandbox.limits.status = 429
    answers = [api.get(HEAD) for _ in range(2)]
    clock.advance(20)

    refused = api.get(HEAD)
    clock.advance(40)

    assert [answer.status_code for answer in answers] == [200, 200]
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "40")
    assert "secondary rate limit" in refused.json()["message"]
    assert int(told(refused)["remaining"]) > 0
    assert api.get(HEAD).status_code == 200


def test_more_at_once_than_allowed_is_refused_and_remembered(
    api: httpx.Client, sandbox: Sandbox, repository: Repository
):
    sandbox.limits.at_once = 2
    sandbox.faults.add(Stalled(after_bytes=1, seconds=0.5), times=2)

    with ThreadPoolExecutor(3) as pool:
        statuses = [answer.status_code for answer in pool.map(api.get, [HEAD] * 3)]

    assert sorted(statuses) == [200, 200, 403]
    assert sandbox.limits.highest_at_once == 2


def test_graphql_budget_is_its_own_and_refuses_with_status_200(
    api: httpx.Client, sandbox: Sandbox, repository: Repository
):
    sandbox.limits.graphql = 1
    query = {"query": "{ viewer { login } }"}
    url = f"{sandbox.url}/api/graphql"

    first, second = api.post(url, json=query), api.post(url, json=query)

    assert told(first)["resource"] == "graphql"
    assert (second.status_code, told(second)["remaining"]) == (200, "0")
    assert second.json()["errors"][0]["type"] == "RATE_LIMITED"
    assert told(api.get(HEAD))["used"] == "1"


def test_asking_for_the_limits_is_free(api: httpx.Client, repository: Repository):
    api.get(HEAD)

    api.get("/rate_limit")
    answer = api.get("/rate_limit")

    assert_official(answer, "/rate_limit")
    assert answer.json()["resources"]["core"]["used"] == 1
    assert answer.json()["resources"]["graphql"]["remaining"] == 5000
