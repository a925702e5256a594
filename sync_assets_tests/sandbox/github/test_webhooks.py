"""What happens in the sandbox is told to whoever subscribed, as GitHub tells it."""

import json
from collections.abc import Generator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft7Validator

from sync_assets.connectors.github.webhook import EVENTS
from sync_assets.connectors.webhook import Event
from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.errors import BadSignature
from sync_assets.sandbox.github.records import ChangedFile, Inline, PullCommit
from sync_assets.sandbox.github.tracker import Tracker
from sync_assets.sandbox.post import Mishaps
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.sandbox.hearing import Receiver, receiving
from sync_assets_tests.shared import shared_file

SECRET = "It's a Secret to Everybody"
GITHUB = WEBHOOKS["github"]


@pytest.fixture
def receiver() -> Generator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def subscribed(sandbox: Sandbox, repository: Repository, receiver: Receiver) -> Repository:
    """`acme/x`, with a hook for all that we subscribe to."""
    sandbox.hooks.add(repository.number, receiver.url, secret=SECRET, events=EVENTS)
    return repository


@pytest.fixture
def tracker(sandbox: Sandbox, subscribed: Repository) -> Tracker:
    return sandbox.trackers.of(subscribed)


def everything(sandbox: Sandbox, repository: Repository, tracker: Tracker, at: FakeClock) -> None:
    """Whatever the script can do, once."""
    issue_and_pull(repository, tracker, at)
    elsewhere = sandbox.repositories.create("acme/elsewhere")
    moving = tracker.open_issue("It belongs elsewhere").number
    sandbox.trackers.transfer(tracker, moving, sandbox.trackers.of(elsewhere))
    repository.force_push("light", {"README.md": "# Anew\n"})
    repository.delete_branch("light")
    repository.create_branch("trunk")
    repository.switch_default_branch("trunk")
    repository.set_private(private=True)
    repository.set_private(private=False)
    repository.archive()
    repository.unarchive()
    sandbox.repositories.rename("acme/x", "acme/y")
    sandbox.repositories.rename("acme/y", "mara/z")


def issue_and_pull(repository: Repository, tracker: Tracker, at: FakeClock) -> None:
    """The life of an issue, and of the pull request that closes it."""
    issue = tracker.open_issue("The lamp is dark", "It was bright.", labels=["bug"]).number
    tracker.edit(issue, title="The lamp is off", body="It was on.")
    tracker.assign(issue, "tomas")
    tracker.assign(issue)
    tracker.label(issue, "lamp")
    tracker.unlabel(issue, "lamp")
    tracker.rename_label("lamp", "light")
    tracker.set_milestone(issue, tracker.create_milestone("Spring"))
    tracker.set_milestone(issue, None)
    tracker.lock(issue, "OFF_TOPIC")
    tracker.unlock(issue)
    comment = tracker.comment(issue, "Since when?", author=None)
    tracker.edit_comment(comment, "Since yesterday?")
    tracker.delete_comment(comment)
    tracker.close(issue)
    tracker.reopen(issue)
    pull_request(repository, tracker, issue, at)
    tracker.delete(issue)


def pull_request(repository: Repository, tracker: Tracker, issue: int, at: FakeClock) -> None:
    """The life of a pull request that closes an issue."""
    oid = repository.commit({"lamp.py": "on = True\n"}, "Light it", branch="light")
    commit = PullCommit(oid, "Light it", "Yuki", "yuki@acme.example", at())
    pull = tracker.open_pull(
        "Light it", f"Closes #{issue}", files=[ChangedFile("lamp.py")], commits=[commit]
    ).number
    tracker.edit(pull, body=f"Closes #{issue}!")
    tracker.label(pull, "bug")
    tracker.unlabel(pull, "bug")
    tracker.assign(pull, "tomas")
    tracker.assign(pull)
    tracker.lock(pull)
    tracker.unlock(pull)
    tracker.set_draft(pull, draft=True)
    tracker.set_draft(pull, draft=False)
    tracker.push(pull)
    tracker.comment(pull, "Nice.")
    review = tracker.review(pull, "Nearly.", inline=[Inline("lamp.py", 1, "Why?")])
    tracker.edit_review(review, "Almost.")
    asked = tracker.items[pull].pull
    assert asked is not None
    thread = asked.threads[0]
    tracker.edit_comment(thread.comments[0], "Why so?")
    said = tracker.reply(thread, "Because.")
    tracker.delete_comment(said)
    tracker.resolve(thread)
    tracker.unresolve(thread)
    tracker.dismiss_review(review)
    tracker.close(pull)
    tracker.reopen(pull)
    tracker.merge(pull, oid=oid)


def test_every_payload_is_one_of_github_s_own_schemas_and_says_what_happened(
    sandbox: Sandbox,
    subscribed: Repository,
    tracker: Tracker,
    receiver: Receiver,
    clock: FakeClock,
):
    everything(sandbox, subscribed, tracker, clock)
    sandbox.post.drain()

    kinds: set[str] = set()
    for heard in receiver.heard:
        GITHUB.verify(heard.headers, heard.body, [SECRET], clock())
        event = heard.headers["x-github-event"]
        assert event in EVENTS
        payload = json.loads(heard.body)
        kinds.add(f"{event}.{payload['action']}" if "action" in payload else event)
        if payload.get("action") == "transferred" and event == "repository":
            former = payload["changes"]["owner"]["from"]  # the schemas know of persons only
            former["user"] = former.pop("organization")
        assert_official(event, payload)
        if (event, payload.get("action")) != ("label", "created"):
            assert isinstance(GITHUB.parse(heard.headers, heard.body), Event)
    assert kinds == EXPECTED


EXPECTED = {
    "push",
    "create",
    "delete",
    *(f"issue_comment.{action}" for action in ("created", "edited", "deleted")),
    *(
        f"issues.{action}"
        for action in (
            *("opened", "edited", "closed", "reopened", "deleted", "transferred"),
            *("labeled", "unlabeled", "assigned", "unassigned", "locked", "unlocked"),
            *("milestoned", "demilestoned"),
        )
    ),
    *(
        f"pull_request.{action}"
        for action in (
            *("opened", "edited", "closed", "reopened", "synchronize", "converted_to_draft"),
            *("ready_for_review", "labeled", "unlabeled", "assigned", "unassigned"),
            *("locked", "unlocked"),
        )
    ),
    *(f"pull_request_review.{action}" for action in ("submitted", "edited", "dismissed")),
    *(f"pull_request_review_comment.{action}" for action in ("created", "edited", "deleted")),
    *(f"pull_request_review_thread.{action}" for action in ("resolved", "unresolved")),
    "label.created",
    "label.edited",
    *(
        f"repository.{action}"
        for action in (
            *("renamed", "transferred", "privatized", "publicized", "archived", "unarchived"),
            "edited",
        )
    ),
}


def test_push_names_its_commits_with_the_files_of_each(
    sandbox: Sandbox, subscribed: Repository, receiver: Receiver
):
    before = subscribed.head()
    oid = subscribed.commit(
        {"new é.txt": "new", "run.sh": None, "README.md": "# Y\n"}, "Three\n\nx"
    )
    sandbox.post.drain()

    (push,) = [json.loads(heard.body) for heard in receiver.heard]
    assert (push["before"], push["after"], push["forced"]) == (before, oid, False)
    (commit,) = push["commits"]
    assert commit["id"] == push["head_commit"]["id"] == oid
    assert commit["message"] == "Three\n\nx"
    changed = (commit["added"], commit["removed"], commit["modified"])
    assert changed == (["new é.txt"], ["run.sh"], ["README.md"])


def test_deleted_repository_is_told_to_its_organization_alone_and_its_hooks_are_gone(
    sandbox: Sandbox, subscribed: Repository, receiver: Receiver
):
    number = subscribed.number
    sandbox.hooks.add("acme", receiver.url, secret=SECRET, events=["repository"])

    sandbox.repositories.delete("acme/x")
    sandbox.post.drain()

    (heard,) = receiver.heard
    payload = json.loads(heard.body)
    assert payload["action"] == "deleted"
    assert_official("repository", payload)
    assert sandbox.hooks.of(number) == []


def test_unsubscribed_and_inactive_hooks_hear_nothing(
    sandbox: Sandbox, repository: Repository, receiver: Receiver
):
    sandbox.hooks.add(repository.number, receiver.url, events=["issues"])
    sandbox.hooks.add(repository.number, receiver.url, events=["push"]).active = False

    repository.commit({"a": "1"})
    sandbox.post.drain()

    assert receiver.heard == []


def test_mishaps_lose_repeat_reorder_and_forge_the_same_way_with_the_same_seed(
    sandbox: Sandbox, subscribed: Repository, receiver: Receiver, clock: FakeClock
):
    def posted(seed: int) -> list[tuple[str, int]]:
        receiver.heard.clear()
        sandbox.post.sent.clear()
        sandbox.post.mishaps = Mishaps(
            seed, lost=0.1, refused=0.1, twice=0.2, late=0.4, forged=0.3, hold=3
        )
        tracker = sandbox.trackers.of(subscribed)
        for number in range(30):
            tracker.comment(first, f"Number {number}")
        sandbox.post.drain()
        bodies = [json.loads(heard.body)["comment"]["body"] for heard in receiver.heard]
        kinds = [sent.kind for sent in sandbox.post.sent]
        return list(zip(kinds, [int(body.rsplit(" ", 1)[1]) for body in bodies], strict=True))

    first = sandbox.trackers.of(subscribed).open_issue("Talk").number
    sandbox.post.drain()
    one, again, other = posted(7), posted(7), posted(8)

    assert one == again != other
    letters = [number for kind, number in one if kind == "letter"]
    assert letters != sorted(letters)
    assert len(letters) < 30
    assert {"copy", "altered body"} <= {kind for kind, _ in one}


def test_only_altered_letters_fail_to_verify(
    sandbox: Sandbox, subscribed: Repository, receiver: Receiver, clock: FakeClock
):
    sandbox.post.mishaps = Mishaps(1, forged=1.0)
    tracker = sandbox.trackers.of(subscribed)
    for number in range(10):
        tracker.open_issue(f"Issue {number}")
    sandbox.post.drain()

    kinds = [sent.kind for sent in sandbox.post.sent]
    assert len(kinds) == 20
    assert set(kinds) == {"letter", "altered body", "altered signature", "another id"}
    for kind, heard in zip(kinds, receiver.heard, strict=True):
        if kind.startswith("altered"):
            with pytest.raises(BadSignature):
                GITHUB.verify(heard.headers, heard.body, [SECRET], clock())
        else:
            GITHUB.verify(heard.headers, heard.body, [SECRET], clock())


def assert_official(event: str, payload: dict[str, Any]) -> None:
    """The payload is what GitHub's own schema of the event and action says."""
    schema = _schemas()
    name = f"{event}${payload.get('action', 'event')}"
    validator = Draft7Validator({"$ref": f"#/definitions/{name}", **schema})
    worst = [
        f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(payload)
    ]
    assert not worst, f"{name}: {worst[:5]}"


@cache
def _schemas() -> dict[str, Any]:
    return json.loads(shared_file("specs/github-webhooks.schema.json").read_text())
