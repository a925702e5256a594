import subprocess
from pathlib import Path

from sync_assets.sandbox.demo import DEMO_SEARCHES, build_demo_repository, push_demo_change
from sync_assets.sandbox.repositories import Repositories, Repository, git_environment
from sync_assets_tests.sandbox.git_client import git, tree


def text(repository: Repository) -> str:
    """All that can be searched, in lower case."""
    grep = ("grep", "-I", "-h", "", "main")
    return git("-C", str(repository.path), *grep).stdout.lower()


def test_the_demo_is_the_same_every_time(tmp_path: Path):
    heads: list[str | None] = []
    for folder in ("first", "second"):
        repositories = Repositories(tmp_path / folder)
        heads += [build_demo_repository(repositories).head(), push_demo_change(repositories)]
    assert heads[:2] == heads[2:]


def test_the_demo_has_a_history_of_several_people(tmp_path: Path):
    repository = build_demo_repository(Repositories(tmp_path))
    log = git("-C", str(repository.path), "log", "--format=%an").stdout.split("\n")[:-1]
    assert len(log) == 8
    assert len(set(log)) == 3
    assert git("-C", str(repository.path), "fsck", "--strict").returncode == 0


def test_the_demo_has_one_of_each_kind_that_is_skipped(tmp_path: Path):
    repository = build_demo_repository(Repositories(tmp_path))
    entries = tree(repository.path).split("\0")[:-1]
    assert 40 <= len(entries) <= 60
    assert sum(entry.startswith("120000") for entry in entries) == 1
    assert sum(entry.startswith("100755") for entry in entries) == 2
    assert b"\0" in raw(repository, "web/public/logo.png")
    assert raw(repository, "media/launch-video.mp4").startswith(b"version https://git-lfs")


def test_only_the_pushed_change_answers_the_last_search(tmp_path: Path):
    repositories = Repositories(tmp_path)
    repository = build_demo_repository(repositories)
    assert len(set(DEMO_SEARCHES)) == 3
    assert "payment webhook that fails is retried six times" not in text(repository)
    assert "webhook_retry" not in text(repository)
    before = tree(repository.path)
    commit = push_demo_change(repositories)
    assert repository.head() == commit
    assert "payment webhook that fails is retried six times" in text(repository)
    changed = set(tree(repository.path).split("\0")) - set(before.split("\0"))
    assert {entry.split("\t")[1] for entry in changed} == {
        "docs/payment-webhook-retries.md",
        "shop/payments/webhook.py",
    }


def raw(repository: Repository, path: str) -> bytes:
    command = ["git", "--git-dir", str(repository.path), "show", f"main:{path}"]
    return subprocess.run(command, capture_output=True, check=True, env=git_environment()).stdout
