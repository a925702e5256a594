"""Tokens: who gets in, and that no token goes where it must not."""

import shutil
import sys
from pathlib import Path

import pytest

from sync_assets.errors import InvalidSettings, SourceGone, SourceRejectedUs
from sync_assets.sandbox.faults import Answer
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox, running_sandbox
from sync_assets.settings import Settings
from sync_assets_tests.connectors.conftest import TOKEN
from sync_assets_tests.connectors.sessions import source_of, sync

SOURCE = source_of("github", "acme/x")
PRIVATE = source_of("github", "acme/private")


@pytest.fixture
def private(sandbox: Sandbox) -> Repository:
    repository = sandbox.repositories.create("acme/private", private=True)
    repository.commit({"secret.md": "# Plans\n"})
    return repository


@pytest.fixture
def recorded_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file to which every git that is run adds its argv; `git` on PATH is a script that does."""
    real, log, folder = shutil.which("git"), tmp_path / "argv.log", tmp_path / "bin"
    folder.mkdir()
    script = folder / "git"
    script.write_text(f'#!/bin/sh\necho "$@" >> {log}\nexec {real} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return log


def test_token_opens_private_repositories(private_settings: Settings, private: Repository):
    assert sync(private_settings, PRIVATE).texts == {"secret.md": "# Plans\n"}


def test_token_is_sent_from_the_first_request_on(
    private_settings: Settings, sandbox: Sandbox, private: Repository
):
    sync(private_settings, PRIVATE)

    assert {request.status for request in sandbox.requests} == {200}


def test_no_token_and_wrong_token_and_weak_token_are_told_apart(
    settings: Settings, private: Repository
):
    def attempt(token: str) -> None:
        sync(Settings(home=settings.home, github_token=token, github_web_url=web), PRIVATE)  # pyright: ignore[reportArgumentType] - as from the environment

    web = settings.github_web_url
    with pytest.raises(SourceRejectedUs, match="set a token"):
        sync(settings, PRIVATE)
    with pytest.raises(SourceRejectedUs, match="set a token"):
        attempt("wrong")
    with pytest.raises(SourceGone, match="no access"):
        attempt("weak")


def test_token_is_in_no_argv_no_file_and_no_error(
    private_settings: Settings, sandbox: Sandbox, private: Repository, recorded_git: Path
):
    sync(private_settings, PRIVATE)
    sandbox.faults.add(Answer(403))
    with pytest.raises(SourceRejectedUs) as caught:
        sync(private_settings, PRIVATE)

    kept = [path.read_bytes() for path in private_settings.home.rglob("*") if path.is_file()]
    argv = recorded_git.read_bytes()
    assert b"fetch" in argv
    for secret in (TOKEN.encode(), b"x-access-token", b"eC1hY2Nlc3M"):
        assert secret not in argv + b"".join(kept) + str(caught.value).encode()


def test_token_does_not_follow_a_redirect_to_another_host(
    private_settings: Settings, sandbox: Sandbox, private: Repository, tmp_path: Path
):
    with running_sandbox(tmp_path / "other") as other:
        address = f"{other.url}/acme/private.git/info/refs?service=git-upload-pack"
        sandbox.faults.add(Answer(301, headers={"location": address}))

        with pytest.raises(SourceGone, match="it moved"):
            sync(private_settings, PRIVATE)

        assert other.requests == []


def test_renamed_public_repository_is_followed_without_a_token(
    settings: Settings, sandbox: Sandbox, repository: Repository
):
    sandbox.repositories.rename("acme/x", "acme/y")
    address = f"{sandbox.url}/acme/y.git/info/refs?service=git-upload-pack"
    sandbox.faults.add(Answer(301, headers={"location": address}))

    assert len(sync(settings, SOURCE).texts) == 2


def test_sync_of_300_files_runs_a_handful_of_git_processes(
    settings: Settings, repository: Repository, recorded_git: Path
):
    repository.commit({f"d{i % 9}/f{i}.txt": f"{i}" for i in range(300)})
    recorded_git.unlink()
    first = sync(settings, SOURCE)
    assert len(first.texts) == 302
    assert ours(recorded_git) == [
        "remote-http",
        "init",
        "fetch",
        "ls-tree",
        "cat-file",
        "cat-file",
    ]

    recorded_git.unlink()
    sync(settings, SOURCE, first.listing.watermark)
    assert ours(recorded_git) == ["remote-http"]


def ours(log: Path) -> list[str]:
    """The git commands that were not the server's."""
    commands = [line.split()[0] for line in log.read_text().splitlines()]
    return [command for command in commands if command != "upload-pack"]


def test_machine_without_git_says_what_to_install(
    settings: Settings, repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(InvalidSettings, match=r"install git \d"):
        sync(settings, SOURCE)


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_cache_is_for_its_owner_only(settings: Settings, repository: Repository):
    sync(settings, SOURCE)

    folder = settings.home / "git"
    inside = [path for path in folder.iterdir() if path.is_dir()]
    assert [path.stat().st_mode & 0o777 for path in [folder, *inside]] == [0o700] * 2
