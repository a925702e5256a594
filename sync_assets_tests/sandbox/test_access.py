from pathlib import Path

import httpx
import pytest

from sync_assets.sandbox.access import basic_token, refusal
from sync_assets.sandbox.server import Sandbox
from sync_assets_tests.sandbox.git_client import basic, clone

TOKENS = {"all-of-acme": ("acme/*",), "nothing": ()}


@pytest.mark.parametrize(
    ("token", "private", "status"),
    [
        (None, False, None),
        (None, True, 401),
        (None, None, 401),
        ("all-of-acme", False, None),
        ("all-of-acme", True, None),
        ("all-of-acme", None, 404),
        ("nothing", False, None),
        ("nothing", True, 404),
        ("wrong", False, 401),
        ("wrong", True, 401),
        ("", False, 401),
    ],
)
def test_access_is_refused_as_github_refuses_it(
    token: str | None, private: bool | None, status: int | None
):
    assert refusal(TOKENS, token, "acme/shop", private=private) == status


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (None, None),
        ("Basic eC1hY2Nlc3MtdG9rZW46dDE=", "t1"),
        ("basic YW55Ym9keTp0Mg==", "t2"),
        ("Basic %%%", ""),
        ("Basic eC1hY2Nlc3MtdG9rZW4=", ""),
        ("Bearer t3", ""),
    ],
)
def test_the_token_is_the_password_of_any_user(header: str | None, token: str | None):
    assert basic_token(header) == token


def test_a_private_repository_is_cloned_with_its_token_alone(sandbox: Sandbox, tmp_path: Path):
    sandbox.repositories.create("acme/secret", private=True).commit({"a.md": "1"})

    def error(name: str, header: str = "") -> str:
        target = tmp_path / "clone"
        return clone(sandbox, f"acme/{name}", target, http_extraHeader=header).stderr

    assert "could not read Username" in error("secret")
    assert "could not read Username" in error("nowhere")
    assert "not found" in error("secret", basic("nothing"))
    assert "could not read Username" in error("secret", basic("wrong"))
    assert sandbox.requests[-1].status == 401
    assert "not found" in error("nowhere", basic("all-of-acme"))
    assert error("secret", basic("all-of-acme", user="anybody")) == ""


def test_git_is_asked_for_credentials_in_githubs_name(sandbox: Sandbox):
    sandbox.repositories.create("acme/secret", private=True)
    url = f"{sandbox.url}/acme/secret.git/info/refs?service=git-upload-pack"
    assert httpx.get(url).headers["www-authenticate"] == 'Basic realm="GitHub"'
