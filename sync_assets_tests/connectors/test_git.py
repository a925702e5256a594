import subprocess
from pathlib import Path

import pytest

from sync_assets.connectors.git.connector import Git, permalinks
from sync_assets.errors import InvalidSettings, SourceGone, SourceRejectedUs
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox
from sync_assets.settings import Settings
from sync_assets_tests.connectors.sessions import source_of, sync


@pytest.mark.parametrize(
    ("scope", "canonical"),
    [
        ("https://git.example/a/b.git", "https://git.example/a/b.git"),
        ("https://git.example/a/b/", "https://git.example/a/b"),
        ("ssh://git@git.example:2222/a/b.git", "ssh://git@git.example:2222/a/b.git"),
        ("git@git.example:a/b.git", "git@git.example:a/b.git"),
        ("git://git.example/a", "git://git.example/a"),
    ],
)
def test_url_is_its_own_scope(scope: str, canonical: str):
    assert Git().parse_scope(scope) == canonical


def test_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "here" / "x").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")

    for scope in ("x", "./x", "../here/x/", f"{tmp_path}/here/x", f"file://{tmp_path}/here/x"):
        assert Git().parse_scope(scope) == str(tmp_path / "here" / "x")


@pytest.mark.parametrize(
    "scope",
    [
        "",
        "no/such/folder",
        "/no/such/folder",
        "ext::sh -c touch% x",
        "ftp://git.example/a",
        "https://",
        "https://git.example",
        "https://git.example:port/a",
        "https://git.example/a,b",
        "https://git.example/a...b",
        "https://git.example/a\nb",
        "-oProxyCommand=x",
    ],
)
def test_malformed_scope_is_refused_in_one_line(scope: str):
    with pytest.raises(InvalidSettings) as caught:
        Git().parse_scope(scope)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "scope",
    [
        "https://user:s3cret@git.example/a",
        "https://s3cret@git.example/a",
        "ssh://git:s3cret@git.example/a",
    ],
)
def test_url_with_a_secret_is_refused_without_repeating_it(scope: str):
    with pytest.raises(InvalidSettings, match="leave it out") as caught:
        Git().parse_scope(scope)

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("scope", "url"),
    [
        ("https://github.com/a/b.git", "https://github.com/a/b/blob/c0/d%20e/f.py"),
        ("git@gitlab.com:a/b.git", "https://gitlab.com/a/b/-/blob/c0/d%20e/f.py"),
        ("https://bitbucket.org/a/b", "https://bitbucket.org/a/b/src/c0/d%20e/f.py"),
        ("ssh://git@codeberg.org/a/b", "https://codeberg.org/a/b/src/commit/c0/d%20e/f.py"),
        ("https://git.example/a.git", "https://git.example/a#c0:d%20e/f.py"),
        ("/srv/a", "file:///srv/a#c0:d%20e/f.py"),
    ],
)
def test_document_links_to_its_page_where_the_host_is_known(scope: str, url: str):
    assert permalinks(scope)("c0", "d e/f.py") == url


def test_repository_by_path_and_by_url_is_read_alike(
    settings: Settings, sandbox: Sandbox, repository: Repository
):
    by_path = sync(settings, source_of("git", str(repository.path)))
    by_url = sync(settings, source_of("git", f"{sandbox.url}/acme/x.git"))

    assert by_path.texts == by_url.texts == {"README.md": "# X\n", "src/main.py": "print(1)\n"}


def test_checkout_is_read_as_committed_whatever_its_work_tree_holds(
    settings: Settings, repository: Repository, tmp_path: Path
):
    checkout = tmp_path / "checkout"
    subprocess.run(["git", "clone", "-q", str(repository.path), str(checkout)], check=True)
    (checkout / "README.md").write_text("not committed")

    assert sync(settings, source_of("git", str(checkout))).texts["README.md"] == "# X\n"


def test_folder_without_a_repository_is_gone(settings: Settings, tmp_path: Path):
    (tmp_path / "plain").mkdir()

    with pytest.raises(SourceGone, match="no git repository"):
        sync(settings, source_of("git", str(tmp_path / "plain")))


def test_private_repository_needs_another_way_in(settings: Settings, sandbox: Sandbox):
    sandbox.repositories.create("acme/private", private=True).commit({"a": "a"})

    with pytest.raises(SourceRejectedUs):
        sync(settings, source_of("git", f"{sandbox.url}/acme/private.git"))
