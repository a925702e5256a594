"""The sandbox's GitHub Apps, by the official description."""

import json
from collections.abc import Generator
from datetime import datetime, timedelta

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sync_assets.connectors.webhook import Event
from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.sandbox.github.hooks import Hook, app_place
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.sandbox.github.official import assert_official, described
from sync_assets_tests.sandbox.github.test_webhooks import assert_official as assert_payload
from sync_assets_tests.sandbox.hearing import Receiver, receiving

TOKENS = "/app/installations/{installation_id}/access_tokens"
KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture
def app(sandbox: Sandbox) -> str:
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    sandbox.apps.keys["1234"] = public.decode()
    return "1234"


def signed(now: datetime, **changed: object) -> dict[str, str]:
    claims = {"iss": "1234", "iat": now, "exp": now + timedelta(minutes=9), **changed}
    return {"authorization": f"Bearer {jwt.encode(claims, KEY, algorithm='RS256')}"}


def ask(sandbox: Sandbox, number: int, headers: dict[str, str]) -> httpx.Response:
    url = f"{sandbox.url}/api/v3/app/installations/{number}/access_tokens"
    return httpx.post(url, headers=headers)


def test_tokens_and_refusals_are_as_github_describes_them(
    sandbox: Sandbox, app: str, clock: FakeClock
):
    installation = sandbox.apps.install(app, "acme/*")
    given = ask(sandbox, installation.number, signed(clock()))
    absent = ask(sandbox, 1, signed(clock()))
    unsigned = ask(sandbox, installation.number, {})
    sandbox.apps.suspend(installation)
    suspended = ask(sandbox, installation.number, signed(clock()))

    answers = [given, absent, unsigned, suspended]
    assert [each.status_code for each in answers] == [201, 404, 401, 403]
    for each in answers:
        assert_official(each, TOKENS, method="post")


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": timedelta(minutes=11)},
        {"exp": timedelta(seconds=-1)},
        {"iat": timedelta(minutes=1)},
        {"iss": "9"},
    ],
)
def test_signature_must_be_of_now_and_of_the_app(
    sandbox: Sandbox, app: str, clock: FakeClock, wrong: dict[str, object]
):
    installation = sandbox.apps.install(app, "acme/*")
    changed = {
        name: clock() + each if isinstance(each, timedelta) else each
        for name, each in wrong.items()
    }

    assert ask(sandbox, installation.number, signed(clock(), **changed)).status_code == 401


def test_token_opens_what_the_installation_reads_for_an_hour(
    sandbox: Sandbox, app: str, repository: Repository, clock: FakeClock
):
    sandbox.repositories.create("acme/secret", private=True).commit({"a": "a"})
    sandbox.repositories.create("other/secret", private=True).commit({"a": "a"})
    installation = sandbox.apps.install(app, "acme/*")
    token = ask(sandbox, installation.number, signed(clock())).json()["token"]

    def status(name: str) -> int:
        url = f"{sandbox.url}/api/v3/repos/{name}/commits/HEAD"
        return httpx.get(url, headers={"authorization": f"Bearer {token}"}).status_code

    assert [status("acme/secret"), status("other/secret"), status("acme/x")] == [200, 404, 200]
    clock.advance(3600)
    assert status("acme/x") == 401


def test_tokens_of_an_installation_share_its_budget_and_an_app_has_none(
    sandbox: Sandbox, app: str, repository: Repository, clock: FakeClock
):
    installation = sandbox.apps.install(app, "acme/*")
    left: list[str] = []
    for _ in range(2):
        answer = ask(sandbox, installation.number, signed(clock()))
        assert "x-ratelimit-limit" not in answer.headers
        headers = {"authorization": f"Bearer {answer.json()['token']}"}
        again = httpx.get(f"{sandbox.url}/api/v3/repos/acme/x/commits/HEAD", headers=headers)
        left.append(again.headers["x-ratelimit-remaining"])

    assert left == ["4999", "4998"]


@pytest.fixture
def receiver() -> Generator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def hook(sandbox: Sandbox, app: str, receiver: Receiver) -> Hook:
    """The App's own."""
    return sandbox.hooks.add(app_place(app), receiver.url, secret="s3cret", events=["push"])


def test_hook_of_an_app_hears_of_every_repository_that_it_is_installed_on(
    sandbox: Sandbox, app: str, hook: Hook, receiver: Receiver, repository: Repository
):
    other = sandbox.repositories.create("acme/other")
    installation = sandbox.apps.install(app, "acme/x")
    for each in (repository, other):
        each.commit({"a.txt": "a"})
    sandbox.apps.suspend(installation)
    repository.commit({"a.txt": "b"})
    sandbox.post.drain()

    _, push, _ = [json.loads(heard.body) for heard in receiver.heard]
    assert push["repository"]["full_name"] == "acme/x"
    assert push["installation"]["id"] == installation.number
    assert_payload("push", push)
    target = "x-github-hook-installation-target"
    assert receiver.heard[1].headers[f"{target}-type"] == "integration"
    assert receiver.heard[1].headers[f"{target}-id"] == app


def test_what_happens_to_an_installation_is_told_as_github_s_schemas_say_and_understood(
    sandbox: Sandbox, app: str, hook: Hook, receiver: Receiver, repository: Repository
):
    installation = sandbox.apps.install(app, "acme/x", "acme/y")
    sandbox.apps.suspend(installation)
    sandbox.apps.unsuspend(installation)
    sandbox.apps.withdraw(installation, "acme/x")
    sandbox.apps.give(installation, "acme/x")
    sandbox.apps.uninstall(installation)
    sandbox.post.drain()

    told: list[tuple[str, bool]] = []
    for heard in receiver.heard:
        payload = json.loads(heard.body)
        assert_payload(heard.headers["x-github-event"], payload)
        event = WEBHOOKS["github"].parse(heard.headers, heard.body)
        assert isinstance(event, Event)
        told.append((event.kind, event.ends is not None))
    assert told == [
        ("installation.created", False),
        ("installation.suspend", True),
        ("installation.unsuspend", False),
        ("installation_repositories.removed", True),
        ("installation_repositories.added", False),
        ("installation.deleted", True),
    ]


def test_log_of_an_app_is_read_and_redelivered_by_its_signature_alone(
    sandbox: Sandbox,
    hook: Hook,
    receiver: Receiver,
    repository: Repository,
    clock: FakeClock,
):
    installation = sandbox.apps.install("1234", "acme/x")
    sandbox.post.drain()
    receiver.answers.append(503)
    repository.commit({"a.txt": "a"})
    sandbox.post.drain()
    place = f"{sandbox.url}/api/v3/app/hook"
    unsigned = httpx.get(f"{place}/deliveries")
    with httpx.Client(headers=signed(clock())) as client:
        config = client.get(f"{place}/config").json()
        first = client.get(f"{place}/deliveries", params={"per_page": 1})
        again = client.post(f"{place}/deliveries/{first.json()[0]['id']}/attempts")
        sandbox.post.drain()
        log = client.get(f"{place}/deliveries")

    assert unsigned.status_code == 401
    described(config, "webhook-config")
    assert (config["url"], config["secret"]) == (receiver.url, "********")
    assert_official(first, "/app/hook/deliveries")
    assert first.links["next"]["url"].startswith(place)
    assert again.status_code == 202
    failed, number = first.json()[0], installation.number
    assert (failed["status_code"], failed["installation_id"]) == (503, number)
    shown = [(each["event"], each["redelivery"], each["status_code"]) for each in log.json()]
    assert shown == [("push", True, 200), ("push", False, 503), ("installation", False, 200)]
    assert receiver.heard[-1].body == receiver.heard[-2].body
