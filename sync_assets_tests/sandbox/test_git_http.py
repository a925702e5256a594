import gzip
from pathlib import Path

import httpx
import pytest

from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets_tests.sandbox.git_client import clone, git, tree

V2 = {"git-protocol": "version=2"}
LS_REFS = b"0014command=ls-refs\n0001000cref-head"


def test_a_clone_equals_the_served_repository(sandbox: Sandbox, tmp_path: Path):
    served = sandbox.repositories.create("acme/shop")
    served.commit({"a.md": "1", "docs/b.md": "2"})
    served.commit({"a.md": None, "docs/c.md": "3" * 100_000})
    served.create_branch("release")
    cloned = clone(sandbox, "acme/shop", tmp_path / "clone", "--mirror")
    assert (cloned.returncode, cloned.stderr) == (0, "")
    refs = ("for-each-ref", "--format=%(refname) %(objectname)")
    assert (
        git("-C", str(tmp_path / "clone"), *refs).stdout
        == git("-C", str(served.path), *refs).stdout
    )
    assert tree(tmp_path / "clone") == tree(served.path)
    assert git("-C", str(tmp_path / "clone"), "fsck").returncode == 0


def test_a_fetch_brings_what_was_committed_since(sandbox: Sandbox, tmp_path: Path):
    served = sandbox.repositories.create("acme/shop")
    served.commit({f"{n}.md": f"{n}" * 1000 for n in range(300)})
    clone(sandbox, "acme/shop", tmp_path / "clone", "--depth=1")
    sandbox.requests.clear()
    head = served.commit({"7.md": "seven"})
    fetched = git("-C", str(tmp_path / "clone"), "fetch", "--depth=1", "origin", "main")
    assert (fetched.returncode, served.head()) == (0, head)
    assert git("-C", str(tmp_path / "clone"), "show", "FETCH_HEAD:7.md").stdout == "seven"
    assert [request.service for request in sandbox.requests] == ["info/refs", "ls-refs", "fetch"]
    assert sandbox.requests[-1].bytes_out < 12_000


def test_protocol_version_2_is_spoken_when_asked_for(sandbox: Sandbox):
    sandbox.repositories.create("acme/shop").commit({"a.md": "1"})
    url = f"{sandbox.url}/acme/shop.git/info/refs?service=git-upload-pack"
    assert httpx.get(url, headers=V2).text.startswith("000eversion 2\n")
    older = httpx.get(url)
    assert older.text.startswith("001e# service=git-upload-pack\n0000")
    assert older.headers["content-type"] == "application/x-git-upload-pack-advertisement"


def test_clients_before_version_2_can_clone(sandbox: Sandbox, tmp_path: Path):
    served = sandbox.repositories.create("acme/shop")
    served.commit({"a.md": "1"})
    cloned = clone(sandbox, "acme/shop", tmp_path / "clone", protocol_version="0")
    assert cloned.returncode == 0
    assert tree(tmp_path / "clone") == tree(served.path)
    assert "ls-refs" not in {request.service for request in sandbox.requests}


def test_a_partial_clone_leaves_contents_behind_until_they_are_wanted(
    sandbox: Sandbox, tmp_path: Path
):
    served = sandbox.repositories.create("acme/shop")
    served.commit({"small.md": "s", "large.bin": bytes(range(256)) * 4000})
    target = tmp_path / "clone"
    clone(sandbox, "acme/shop", target, "--filter=blob:limit=1k", "--depth=1")
    missing = git("-C", str(target), "rev-list", "--objects", "--missing=print", "HEAD").stdout
    large = git("-C", str(served.path), "rev-parse", "main:large.bin").stdout.strip()
    assert f"?{large}" in missing.split()
    sandbox.requests.clear()
    assert git("-C", str(target), "cat-file", "-s", large).stdout.strip() == "1024000"
    assert "fetch" in [request.service for request in sandbox.requests]


def test_a_server_without_partial_clone_sends_everything(tmp_path: Path):
    with running_sandbox(tmp_path / "served", partial_clone=False) as sandbox:
        sandbox.repositories.create("acme/shop").commit({"a.md": "1"})
        cloned = clone(sandbox, "acme/shop", tmp_path / "clone", "--filter=blob:none")
    assert "filtering not recognized by server" in cloned.stderr
    assert git("-C", str(tmp_path / "clone"), "show", "HEAD:a.md").stdout == "1"


def test_a_compressed_request_is_understood(sandbox: Sandbox):
    head = sandbox.repositories.create("acme/shop").commit({"a.md": "1"})
    url = f"{sandbox.url}/acme/shop.git/git-upload-pack"
    body = b"0014command=ls-refs\n00010009peel\n0000"
    plain = httpx.post(url, content=body, headers=V2)
    zipped = httpx.post(
        url, content=gzip.compress(body), headers={**V2, "content-encoding": "gzip"}
    )
    assert plain.content == zipped.content
    assert f"{head} refs/heads/main" in plain.text


def test_git_compresses_long_requests_and_is_answered(sandbox: Sandbox, tmp_path: Path):
    served = sandbox.repositories.create("acme/shop")
    for number in range(3):
        served.commit({f"{number}-{n}.md": f"{number} {n}" for n in range(30)})
    target = tmp_path / "clone"
    clone(sandbox, "acme/shop", target, "--filter=blob:none")
    blobs = [line.split("\t")[0].split()[2] for line in tree(served.path).split("\0")[:-1]]
    sandbox.requests.clear()
    fetched = git("-C", str(target), "fetch", "--quiet", "--no-filter", "origin", *blobs)
    assert fetched.returncode == 0, fetched.stderr
    asked = [request for request in sandbox.requests if request.service == "fetch"]
    assert sum(request.bytes_in for request in asked) < len(blobs) * 50


def test_an_empty_repository_can_be_cloned(sandbox: Sandbox, tmp_path: Path):
    sandbox.repositories.create("acme/empty")
    cloned = clone(sandbox, "acme/empty", tmp_path / "clone")
    assert cloned.returncode == 0
    assert tree(tmp_path / "clone") == ""


def test_the_ending_of_the_url_may_be_left_out(sandbox: Sandbox):
    head = sandbox.repositories.create("acme/shop").commit({"a.md": "1"})
    assert head in git("ls-remote", f"{sandbox.url}/acme/shop").stdout


@pytest.mark.parametrize("query", ["", "?service=git-receive-pack"])
def test_nothing_but_fetching_is_served(sandbox: Sandbox, query: str):
    sandbox.repositories.create("acme/shop")
    assert httpx.get(f"{sandbox.url}/acme/shop.git/info/refs{query}").status_code == 403
    assert httpx.get(f"{sandbox.url}/acme/shop.git/HEAD").status_code == 404


def test_requests_connections_and_bytes_are_counted(sandbox: Sandbox, tmp_path: Path):
    sandbox.repositories.create("acme/shop").commit({"a.md": "x" * 10_000})
    for number in range(2):
        clone(sandbox, "acme/shop", tmp_path / f"clone{number}", "--depth=1")
    first, second = sandbox.requests[:3], sandbox.requests[3:]
    assert [(r.method, r.service, r.status) for r in first] == [
        ("GET", "info/refs", 200),
        ("POST", "ls-refs", 200),
        ("POST", "fetch", 200),
    ]
    assert first[0].path == "/acme/shop.git/info/refs"
    assert len({request.connection for request in first}) == 1
    assert len({request.connection for request in [*first, *second]}) == 2
    assert all(request.bytes_in > 0 for request in first[1:])
    assert [r.bytes_out for r in first[:2]] == [r.bytes_out for r in second[:2]]
    with httpx.Client(headers=V2) as client:
        answer = client.get(f"{sandbox.url}/acme/shop.git/info/refs?service=git-upload-pack")
    assert sandbox.requests[-1].bytes_out == len(answer.content) == first[0].bytes_out
