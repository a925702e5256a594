"""Webhooks by REST: made, changed, their deliveries looked at, and sent again."""

from collections.abc import Generator
from typing import Any

import httpx
import pytest

from sync_assets.sandbox.post import Mishaps
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.sandbox.github.conftest import TOKEN
from sync_assets_tests.sandbox.github.official import assert_official
from sync_assets_tests.sandbox.hearing import Receiver, receiving

HOOKS = "/repos/acme/x/hooks"
TEMPLATE = "/repos/{owner}/{repo}/hooks"
LOG = TEMPLATE + "/{hook_id}/deliveries"


@pytest.fixture
def receiver() -> Generator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def hook(api: httpx.Client, repository: Repository, receiver: Receiver) -> str:
    """The path of a hook for pushes."""
    config = {"url": receiver.url, "secret": "s3cret", "content_type": "json"}
    made = api.post(HOOKS, json={"config": config, "events": ["push"]})
    assert made.status_code == 201
    assert_official(made, TEMPLATE, method="post")
    return f"{HOOKS}/{made.json()['id']}"


def guids(deliveries: list[dict[str, Any]]) -> list[tuple[str, bool, int]]:
    return [(each["guid"], each["redelivery"], each["status_code"]) for each in deliveries]


def test_hook_is_made_listed_changed_and_deleted_and_never_tells_its_secret(
    sandbox: Sandbox, api: httpx.Client, hook: str, receiver: Receiver
):
    sandbox.post.drain()
    assert [heard.headers["x-github-event"] for heard in receiver.heard] == ["ping"]
    listed = api.get(HOOKS)
    assert_official(listed, TEMPLATE)
    config = {"url": receiver.url, "secret": "other", "content_type": "json"}
    again = api.post(HOOKS, json={"config": config, "events": ["push"]})
    assert_official(again, TEMPLATE, method="post")
    changed = api.patch(hook, json={"add_events": ["issues"], "active": False})

    assert listed.json()[0]["config"]["secret"] == "********"
    assert listed.json()[0]["last_response"]["code"] == 200
    assert again.status_code == 422
    assert (changed.json()["events"], changed.json()["active"]) == (["push", "issues"], False)
    assert api.delete(hook).status_code == 204
    assert api.get(hook).status_code == 404


def test_hooks_are_shown_to_administrators_alone(sandbox: Sandbox, repository: Repository):
    def status(token: str | None) -> int:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return httpx.get(f"{sandbox.url}/api/v3{HOOKS}", headers=headers).status_code

    assert (status(None), status("wrong"), status("weak"), status(TOKEN)) == (401, 401, 404, 200)
    sandbox.hooks.forbidden.add(TOKEN)
    assert status(TOKEN) == 403


def test_log_of_deliveries_is_read_page_by_page_the_newest_first(
    sandbox: Sandbox, api: httpx.Client, hook: str, repository: Repository
):
    for number in range(5):
        repository.commit({"a": str(number)})
    sandbox.post.drain()

    pages: list[httpx.Response] = [api.get(f"{hook}/deliveries", params={"per_page": 2})]
    while following := pages[-1].links.get("next"):
        pages.append(api.get(following["url"]))
    assert_official(pages[0], LOG)
    shown = [delivery for page in pages for delivery in page.json()]
    assert [len(page.json()) for page in pages] == [2, 2, 2]
    assert [each["event"] for each in shown] == ["push"] * 5 + ["ping"]
    one = api.get(f"{hook}/deliveries/{shown[0]['id']}")
    assert_official(one, LOG + "/{delivery_id}")
    assert one.json()["request"]["payload"]["after"] == repository.head()
    assert "s3cret" not in one.text


def test_failed_delivery_is_sent_again_under_its_own_id(
    sandbox: Sandbox, api: httpx.Client, hook: str, repository: Repository, receiver: Receiver
):
    sandbox.post.drain()
    receiver.answers.append(503)
    repository.commit({"a": "1"})
    sandbox.post.drain()
    failed = api.get(f"{hook}/deliveries", params={"status": "failure"}).json()
    again = api.post(f"{hook}/deliveries/{failed[0]['id']}/attempts")
    assert_official(again, LOG + "/{delivery_id}/attempts", method="post")
    sandbox.post.drain()

    log = api.get(f"{hook}/deliveries").json()
    guid = failed[0]["guid"]
    assert guids(log)[:2] == [(guid, True, 200), (guid, False, 503)]
    assert receiver.heard[-1].body == receiver.heard[-2].body
    assert receiver.heard[-1].headers["x-github-delivery"] == guid


def test_receiver_that_is_down_is_logged_and_after_three_days_forgotten(
    sandbox: Sandbox, api: httpx.Client, hook: str, repository: Repository, clock: FakeClock
):
    sandbox.post.drain()
    sandbox.post.mishaps = Mishaps(refused=1.0)
    repository.commit({"a": "1"})
    sandbox.post.drain()
    (failed,) = api.get(f"{hook}/deliveries", params={"status": "failure"}).json()
    clock.advance(3 * 86_400 + 1)

    assert (failed["status"], failed["status_code"]) == ("failed to connect to host", 502)
    assert api.get(f"{hook}/deliveries").json() == []
    assert api.post(f"{hook}/deliveries/{failed['id']}/attempts").status_code == 404
