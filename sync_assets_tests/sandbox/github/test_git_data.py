import base64
import subprocess
from urllib.parse import quote

import httpx
import pytest

from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox
from sync_assets_tests.sandbox.github.conftest import ODD_PATH
from sync_assets_tests.sandbox.github.official import assert_official

REPO = "/repos/{owner}/{repo}"
TREE = f"{REPO}/git/trees/{{tree_sha}}"
COMMIT = f"{REPO}/commits/{{ref}}"
SHA = {"accept": "application/vnd.github.sha"}
ASKED = {
    "/branches/main": "/branches/{branch}",
    "/branches/nope": "/branches/{branch}",
    "/commits/main": "/commits/{ref}",
    "/commits/nope": "/commits/{ref}",
    "/git/ref/heads/main": "/git/ref/{ref}",
    "/git/ref/heads/nope": "/git/ref/{ref}",
    "/git/commits/COMMIT": "/git/commits/{commit_sha}",
    "/git/commits/README": "/git/commits/{commit_sha}",
    "/git/trees/COMMIT?recursive=1": "/git/trees/{tree_sha}",
    f"/git/trees/{'0' * 40}": "/git/trees/{tree_sha}",
    "/git/blobs/README": "/git/blobs/{file_sha}",
    f"/git/blobs/{'0' * 40}": "/git/blobs/{file_sha}",
    "/git/blobs/short": "/git/blobs/{file_sha}",
    "/contents": "/contents/{path}",
    "/contents/src": "/contents/{path}",
    "/contents/run.sh": "/contents/{path}",
    f"/contents/{quote(ODD_PATH)}?ref=COMMIT": "/contents/{path}",
    "/contents/link": "/contents/{path}",
    "/contents/nope": "/contents/{path}",
    "/tarball/main": "/tarball/{ref}",
}
"""Path -> as the description writes it. COMMIT and README stand for their ids."""
RAW = {"accept": "application/vnd.github.raw+json"}


def git(repository: Repository, *arguments: str) -> bytes:
    command = ["git", "--git-dir", str(repository.path), *arguments]
    return subprocess.run(command, capture_output=True, check=True).stdout


def test_every_answer_is_as_github_describes_it(api: httpx.Client, repository: Repository):
    readme = git(repository, "rev-parse", "HEAD:README.md").decode().strip()
    for path, template in ASKED.items():
        asked = path.replace("COMMIT", repository.head() or "").replace("README", readme)
        assert_official(api.get(f"/repos/acme/x{asked}"), REPO + template)


def test_poll_for_the_commit_is_304_while_nothing_moves(api: httpx.Client, repository: Repository):
    first = api.get("/repos/acme/x/commits/HEAD", headers=SHA)
    assert first.text == repository.head()
    known = {**SHA, "if-none-match": f'"{first.text}"'}

    again = api.get("/repos/acme/x/commits/heads/main", headers=known)
    repository.commit({"new": "new"})
    moved = api.get("/repos/acme/x/commits/heads/main", headers=known)

    assert (again.status_code, again.content) == (304, b"")
    assert (moved.status_code, moved.text) == (200, repository.head())


def test_recursive_tree_is_what_git_lists(api: httpx.Client, repository: Repository):
    answer = api.get(f"/repos/acme/x/git/trees/{repository.head()}", params={"recursive": "1"})

    listed = [
        (each["mode"], each["type"], each["sha"], each["path"]) for each in answer.json()["tree"]
    ]
    expected = [
        (*facts.decode().split(), name.decode())
        for facts, _, name in (
            line.partition(b"\t")
            for line in git(repository, "ls-tree", "-r", "-t", "-z", "HEAD").split(b"\0")[:-1]
        )
    ]
    assert listed == expected
    assert not answer.json()["truncated"]


@pytest.mark.parametrize("limit", [0, 1, 5])
def test_tree_over_the_limit_says_that_it_is_truncated(
    api: httpx.Client, sandbox: Sandbox, repository: Repository, limit: int
):
    sandbox.sizes.tree_entries = limit

    body = api.get(f"/repos/acme/x/git/trees/{repository.head()}?recursive=1").json()

    assert body["truncated"]
    assert len(body["tree"]) == limit


def test_tree_of_too_many_bytes_is_truncated_too(
    api: httpx.Client, sandbox: Sandbox, repository: Repository
):
    sandbox.sizes.tree_bytes = 500

    assert api.get("/repos/acme/x/git/trees/main?recursive=1").json()["truncated"]


def test_flat_tree_has_one_level_with_its_subtrees(api: httpx.Client, repository: Repository):
    body = api.get("/repos/acme/x/git/trees/main").json()

    kinds = {entry["path"]: entry["type"] for entry in body["tree"]}
    assert kinds["src"] == "tree"
    assert kinds["lib"] == "commit"
    assert "src/main.py" not in kinds
    source = next(entry["sha"] for entry in body["tree"] if entry["path"] == "src")
    below = api.get(f"/repos/acme/x/git/trees/{source}").json()
    assert [entry["path"] for entry in below["tree"]] == ["deep", "main.py"]


def test_blob_is_served_as_json_and_raw(api: httpx.Client, repository: Repository):
    oid = git(repository, "rev-parse", "HEAD:logo.png").decode().strip()

    as_json = api.get(f"/repos/acme/x/git/blobs/{oid}").json()
    raw = api.get(f"/repos/acme/x/git/blobs/{oid}", headers=RAW)

    assert base64.b64decode(as_json["content"]) == raw.content == b"\x89PNG\0\xff"


def test_contents_over_a_megabyte_come_raw_alone(
    api: httpx.Client, sandbox: Sandbox, repository: Repository
):
    sandbox.sizes.contents_bytes = 3
    sandbox.sizes.blob_bytes = 8

    plain = api.get("/repos/acme/x/contents/empty").json()
    large = api.get("/repos/acme/x/contents/README.md").json()
    raw = api.get("/repos/acme/x/contents/README.md", headers=RAW)
    beyond = api.get("/repos/acme/x/contents/src/main.py", headers=RAW)

    assert (plain["encoding"], plain["content"]) == ("base64", "")
    assert (large["encoding"], large["content"], large["type"]) == ("none", "", "file")
    assert raw.text == "# X\n"
    assert beyond.status_code == 403
    assert beyond.json()["errors"][0]["code"] == "too_large"


def test_empty_repository_conflicts(api: httpx.Client, sandbox: Sandbox):
    sandbox.repositories.create("acme/x")

    for path, template in {
        "/commits/HEAD": COMMIT,
        "/git/trees/main": TREE,
        "/git/ref/heads/main": f"{REPO}/git/ref/{{ref}}",
        f"/git/blobs/{'0' * 40}": f"{REPO}/git/blobs/{{file_sha}}",
    }.items():
        answer = api.get(f"/repos/acme/x{path}")
        assert (answer.status_code, answer.json()["message"]) == (409, "Git Repository is empty.")
        assert_official(answer, template)
    assert api.get("/repos/acme/x/contents/a").status_code == 404


def test_renamed_repository_redirects_until_its_old_name_is_taken(
    api: httpx.Client, sandbox: Sandbox, repository: Repository
):
    sandbox.repositories.rename("acme/x", "acme/y")
    path = f"/repos/acme/x/contents/{quote(ODD_PATH)}?ref=main"

    moved = api.get(path)
    followed = api.get(path, follow_redirects=True)
    sandbox.repositories.create("acme/x")

    assert moved.status_code == 301
    assert moved.headers["location"] == moved.json()["url"]
    assert followed.json()["path"] == ODD_PATH
    assert_official(moved, f"{REPO}/branches/{{branch}}")
    assert api.get(path).status_code == 404


def test_private_repository_is_seen_with_its_token_alone(api: httpx.Client, sandbox: Sandbox):
    sandbox.repositories.create("acme/secret", private=True).commit({"a": "a"})
    url = f"{sandbox.url}/api/v3/repos/acme/secret/commits/main"

    def status(authorization: str | None) -> int:
        headers = {} if authorization is None else {"authorization": authorization}
        return httpx.get(url, headers=headers).status_code

    assert api.get("/repos/acme/secret/commits/main").status_code == 200
    assert status(None) == 404
    assert status("token weak") == 404
    assert status("Bearer nobody") == 401
    assert api.get("/repos/acme/none/commits/main").status_code == 404
