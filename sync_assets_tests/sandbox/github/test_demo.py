import re
import subprocess
from pathlib import Path

import pytest

from sync_assets.sandbox.demo import build_demo_repository, push_demo_change
from sync_assets.sandbox.github.demo import (
    DEMO_TRACKER_SEARCH,
    FAILED_DEPLOYMENT,
    PREVIEW_DEPLOYMENT,
    build_demo_tracker,
)
from sync_assets.sandbox.github.records import Item
from sync_assets.sandbox.github.tracker import Tracker
from sync_assets.sandbox.github.trackers import Trackers
from sync_assets.sandbox.repositories import Repositories, Repository, git_environment
from sync_assets.sandbox.vercel.demo import PROJECT, build_demo_deployments
from sync_assets.sandbox.vercel.shapes import listed
from sync_assets.sandbox.vercel.world import VercelWorld
from sync_assets_tests.fakes import FakeClock


@pytest.fixture
def repository(tmp_path: Path, clock: FakeClock) -> Repository:
    return build_demo_repository(Repositories(tmp_path, clock))


@pytest.fixture
def tracker(repository: Repository, tmp_path: Path, clock: FakeClock) -> Tracker:
    return build_demo_tracker(Trackers(Repositories(tmp_path, clock)))


def said(item: Item) -> list[str]:
    """Every text of an item."""
    pull = item.pull
    reviews = [review.body for review in pull.reviews] if pull else []
    inline = [said.body for thread in pull.threads for said in thread.comments] if pull else []
    return [item.title, item.body, *(comment.body for comment in item.comments), *reviews, *inline]


def git(repository: Repository, *arguments: str) -> str:
    command = ["git", "--git-dir", str(repository.path), *arguments]
    done = subprocess.run(command, capture_output=True, check=True, env=git_environment())
    return done.stdout.decode(errors="replace")


def test_the_tracker_is_the_same_every_time_and_after_a_push(tmp_path: Path, clock: FakeClock):
    made: list[list[tuple[object, ...]]] = []
    for folder in ("first", "second"):
        repositories = Repositories(tmp_path / folder, clock)
        build_demo_repository(repositories)
        if folder == "second":
            push_demo_change(repositories)
        items = build_demo_tracker(Trackers(repositories)).items.values()
        made.append([(item.node_id, item.updated_at, item.state, *said(item)) for item in items])
    assert made[0] == made[1]


def test_what_was_merged_is_the_history_of_the_repository(repository: Repository, tracker: Tracker):
    pulls = [item.pull for item in tracker.items.values() if item.pull]
    merged = [pull.merge_oid for pull in pulls if pull.merged_at]
    history = git(repository, "rev-list", "--reverse", "main").split()
    assert merged == history[1:]  # the first was pushed
    assert merged == [pull.head_oid for pull in pulls if pull.merged_at]
    for pull in pulls:
        if pull.merge_oid:
            changed = git(repository, "show", "--format=", "--name-only", pull.merge_oid)
            assert {file.path for file in pull.files} >= set(changed.split())


def test_every_number_and_path_that_people_name_exists(repository: Repository, tracker: Tracker):
    tree = git(repository, "ls-tree", "-r", "--name-only", "main").split("\n")
    texts = [text for item in tracker.items.values() for text in said(item)]
    named = {int(number) for text in texts for number in re.findall(r"#(\d+)\b", text)}
    assert named <= tracker.items.keys()
    assert len(named) >= 6
    paths = {path for text in texts for path in re.findall(r"`(\w+/[\w/.-]+)`", text)}
    assert paths - set(tree) == {"docs/development.md"}  # renamed
    files = [file for item in tracker.items.values() if item.pull for file in item.pull.files]
    assert {file.path for file in files} <= {*tree, "docs/development.md"}


def test_people_name_tickets_and_deployments_that_the_demo_has(tracker: Tracker, clock: FakeClock):
    world = VercelWorld(clock)
    build_demo_deployments(world, {})
    shown = {listed(each, world.now)["inspectorUrl"] for each in world.listed(PROJECT)}
    text = " ".join(text for item in tracker.items.values() for text in said(item))
    assert {FAILED_DEPLOYMENT, PREVIEW_DEPLOYMENT} <= shown
    assert FAILED_DEPLOYMENT in text
    assert PREVIEW_DEPLOYMENT in text
    assert "SHOP-12" in text


def test_closing_words_close_and_what_is_left_is_open(tracker: Tracker):
    states = {number: item.state for number, item in tracker.items.items()}
    assert [number for number, state in states.items() if state == "OPEN"] == [9, 14, 15]
    assert [number for number, state in states.items() if state == "MERGED"] == [
        2, 3, 5, 6, 8, 10, 13,
    ]  # fmt: skip
    assert sum(bool(item.pull and item.pull.threads) for item in tracker.items.values()) == 4


def test_only_one_issue_answers_the_search(repository: Repository, tracker: Tracker):
    words = set(DEMO_TRACKER_SEARCH.lower().split())
    assert {"iphone", "cart", "week"} <= words
    answers = [
        item.number
        for item in tracker.items.values()
        if "safari" in " ".join(said(item)).lower() or "iphone" in " ".join(said(item)).lower()
    ]
    assert answers == [9]
    assert "iphone" not in git(repository, "grep", "-I", "-h", "", "main").lower()
