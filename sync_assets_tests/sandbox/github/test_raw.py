from urllib.parse import quote

import httpx

from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox
from sync_assets_tests.sandbox.github.conftest import ODD_PATH, TOKEN


def test_file_is_served_at_its_commit_whatever_its_path(sandbox: Sandbox, repository: Repository):
    commit = repository.head()
    repository.commit({ODD_PATH: "moved on\n"})

    answer = httpx.get(f"{sandbox.url}/raw/acme/x/{commit}/{quote(ODD_PATH)}")

    assert answer.text == "odd\n"
    assert answer.headers["cache-control"] == "max-age=300"


def test_what_is_no_file_is_not_found(sandbox: Sandbox, repository: Repository):
    for path in ("src", "nope", "lib", "src/main.py/x"):
        assert httpx.get(f"{sandbox.url}/raw/acme/x/main/{path}").status_code == 404


def test_private_file_needs_the_token(sandbox: Sandbox):
    sandbox.repositories.create("acme/secret", private=True).commit({"a": "a"})
    url = f"{sandbox.url}/raw/acme/secret/main/a"

    assert httpx.get(url).status_code == 404
    assert httpx.get(url, headers={"authorization": f"token {TOKEN}"}).text == "a"


def test_too_many_are_asked_to_wait(sandbox: Sandbox, repository: Repository):
    sandbox.limits.raw = 2
    url = f"{sandbox.url}/raw/acme/x/main/README.md"

    answers = [httpx.get(url) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["retry-after"] == "3600"
