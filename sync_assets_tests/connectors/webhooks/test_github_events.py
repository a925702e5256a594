"""Every example of GitHub's own, and what we make of it."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from sync_assets.connectors.webhook import Event, Ignored
from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.errors import MalformedDelivery
from sync_assets.models import Source
from sync_assets_tests.connectors.webhooks.signing import PUSH, signed
from sync_assets_tests.shared import shared_file

GITHUB = WEBHOOKS["github"]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
HELLO = ("Codertocat/Hello-World",)

# By event and action, in the order of the file: how many there are, and what each says.
PULL = {"places": HELLO, "streams": ("pull_requests",), "subject": "pull_requests:2"}
ISSUE = {"places": HELLO, "streams": ("issues",), "subject": "issues:1"}
LABEL = {"places": HELLO, "streams": ("issues", "pull_requests"), "sweep": True}
REPOSITORY = {"places": HELLO, "streams": (), "subject": "repository"}
EXPECTED: dict[str, dict[str, Any]] = {
    "create": {},  # tags, all three
    "delete": {},
    "deployment_status.created": {},
    "discussion.*": {},
    "discussion_comment.*": {},
    "ping": {},
    "push": {"places": HELLO, "streams": ("files",), "subject": "branch:master", "ends": None},
    "issues.*": ISSUE,
    "issues.deleted": {**ISSUE, "gone": True},
    "issues.demilestoned": PULL,
    "issues.milestoned": PULL,
    "issue_comment.*": ISSUE,
    "pull_request.*": PULL,
    "pull_request_review.submitted": PULL,
    "pull_request_review_comment.*": PULL,
    "pull_request_review_thread.resolved": {
        "places": ("octo-org/octo-repo",),
        "streams": ("pull_requests",),
        "subject": "pull_requests:118",
    },
    "pull_request_review_thread.unresolved": PULL,
    "label.deleted": LABEL,
    "label.created": {},
    "repository.publicized": {**REPOSITORY, "ends": None},
    "repository.created": {},
    "repository.edited": {  # another default branch
        "places": ("Octocoders/Hello-World",),
        "streams": (),
        "ends": None,
    },
    "repository.privatized": {
        **REPOSITORY,
        "ends": "GitHub says that the repository was made private",
    },
    "repository.transferred": {
        **REPOSITORY,
        "places": ("Octocoders/Hello-World",),
        "renamed_from": "octocat/Hello-World",
    },
    "installation.deleted": {
        "places": ("octocat/Hello-World",),
        "ends": "GitHub says that the app was uninstalled",
    },
    "installation.created": {"places": HELLO, "ends": None},
    "installation.new_permissions_accepted": {"places": HELLO, "ends": None},
    "installation.unsuspend": {"places": ("Codertocat/*",), "ends": None},
    "installation_repositories.added": {"places": ("Codertocat/Space",), "ends": None},
    "installation_repositories.removed": {
        "places": ("octocat/Hello-World",),
        "ends": "GitHub says that the repository was taken from the app's installation",
    },
}


def _expected(name: str, payload: dict[str, Any]) -> dict[str, Any]:
    action = payload.get("action")
    if name == "push" and not payload["ref"].startswith("refs/heads/"):
        return {}
    exact = name if action is None else f"{name}.{action}"
    return EXPECTED[exact] if exact in EXPECTED else EXPECTED[f"{name}.*"]


def _examples() -> list[tuple[str, dict[str, Any]]]:
    listed = json.loads(shared_file("specs/github-webhook-examples.json").read_text())
    return [(each["name"], payload) for each in listed for payload in each["examples"]]


def test_every_example_of_githubs_says_what_is_to_be_read_again():
    examples = _examples()
    outcomes: Counter[str] = Counter()
    for name, payload in examples:
        headers, body = signed("github", payload, NOW, event=name)
        parsed = GITHUB.parse(headers, body)
        wanted = _expected(name, payload)
        what = f"{name}.{payload.get('action')}"
        if not wanted:
            assert isinstance(parsed, Ignored), what
            outcomes["ignored"] += 1
            continue
        assert isinstance(parsed, Event), what
        assert parsed.delivery_id == headers["x-github-delivery"]
        for field, value in wanted.items():
            found = parsed.hints.get("gone") if field == "gone" else getattr(parsed, field)
            assert found == value, f"{what}: {field}"
        if parsed.subject.startswith(("issues:", "pull_requests:")):
            item = payload.get("pull_request") or payload["issue"]
            assert parsed.hints["number"] == item["number"]
            assert parsed.hints["node_id"] == item["node_id"]
        assert parsed.at is None or parsed.at < NOW.replace(year=2027)
        outcomes["event"] += 1

    assert len(examples) == 81
    assert outcomes == {"event": 57, "ignored": 24}


def _parsed(event: str, payload: dict[str, Any]) -> Event:
    parsed = GITHUB.parse(*signed("github", payload, NOW, event=event))
    assert isinstance(parsed, Event)
    return parsed


def _source(scope: str, branch: str | None = None) -> Source:
    return Source(
        source_id=f"github:{scope}",
        connector="github",
        scope=scope,
        identity=f"github:{scope}",
        settings={"branch": branch},
        cron="0 * * * *",
        status="active",
        generation=1,
        created_at=NOW,
    )


@pytest.mark.parametrize(
    ("scope", "branch", "concerned"),
    [
        ("owner/name", None, True),
        ("Owner/Name", None, True),
        ("owner/name@main", None, True),
        ("owner/name@next", None, False),
        ("owner/name", "next", False),
        ("owner/other", None, False),
    ],
)
def test_a_push_is_about_the_sources_of_its_branch(scope: str, branch: str | None, concerned: bool):
    assert GITHUB.concerns(_parsed("push", PUSH), _source(scope, branch)) is concerned


def test_a_renamed_repository_is_found_by_either_name():
    repository = {"full_name": "owner/new", "node_id": "R_1", "updated_at": "2026-01-01T00:00:00Z"}
    event = _parsed(
        "repository",
        {
            "action": "renamed",
            "changes": {"repository": {"name": {"from": "name"}}},
            "repository": repository,
        },
    )

    assert event.renamed_from == "owner/name"
    assert event.places == ("owner/new",)
    assert GITHUB.concerns(event, _source("owner/name@main"))
    assert GITHUB.concerns(event, _source("owner/new"))


def test_an_uninstalled_app_without_a_list_means_all_of_its_owner():
    event = _parsed(
        "installation", {"action": "deleted", "installation": {"account": {"login": "owner"}}}
    )

    assert event.ends == "GitHub says that the app was uninstalled"
    assert GITHUB.concerns(event, _source("Owner/name"))
    assert not GITHUB.concerns(event, _source("owners/name"))


def test_a_deleted_branch_and_a_deleted_repository_say_why_the_source_may_end():
    zeros = {**PUSH, "deleted": True, "after": "0" * 40}

    assert _parsed("push", zeros).ends == "GitHub says that the branch main was deleted"
    removed = {"action": "deleted", "repository": PUSH["repository"]}
    assert _parsed("repository", removed).ends == "GitHub says that the repository was deleted"


def test_a_comment_on_a_pull_request_is_about_the_pull_request():
    event = _parsed(
        "issue_comment",
        {
            "action": "deleted",
            "issue": {"number": 7, "node_id": "PR_7", "pull_request": {"url": "..."}},
            "comment": {"updated_at": "2026-01-01T00:00:00Z"},
            "repository": PUSH["repository"],
        },
    )

    assert (event.streams, event.subject) == (("pull_requests",), "pull_requests:7")
    assert event.at == NOW


def test_a_relabelled_event_never_says_that_a_repository_is_gone():
    """The event's name stands in a header that is not signed."""
    for name, payload in _examples():
        for claimed in ("repository", "installation", "installation_repositories"):
            if name == claimed:
                continue
            try:
                parsed = GITHUB.parse(*signed("github", payload, NOW, event=claimed))
            except MalformedDelivery:
                continue
            gone = isinstance(parsed, Event) and (parsed.ends or parsed.renamed_from)
            assert not gone, (name, claimed)


@pytest.mark.parametrize("claimed", ["", "x" * 101, "a b", "é", "'; --"])
def test_a_delivery_id_that_is_none_is_made_of_the_body(claimed: str):
    parsed = GITHUB.parse(*signed("github", PUSH, NOW, delivery_id=claimed))

    assert isinstance(parsed, Event)
    assert parsed.delivery_id.startswith("body:")
