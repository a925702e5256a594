"""The sandbox's GitHub Apps, by the official description."""

from datetime import datetime, timedelta

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.sandbox.github.official import assert_official

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
    installation.suspended = True
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
