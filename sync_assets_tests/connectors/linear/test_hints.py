"""Issues that webhooks named: they are read, and no feed is."""

from typing import Literal

import pytest

from sync_assets.connectors.base import Hint
from sync_assets.connectors.webhook import Event
from sync_assets.connectors.webhook_catalog import WEBHOOKS
from sync_assets.sandbox.linear.records import Issue
from sync_assets_tests.connectors.linear.workspace import Workspace
from sync_assets_tests.connectors.webhooks.signing import signed

HINTED = ["Probe", "Issues"]
Action = Literal["create", "update", "remove"]


def told(
    workspace: Workspace, issue: Issue, action: Action = "update", kind: str = "Issue"
) -> Hint:
    """What the webhook's parser makes of Linear's call."""
    data = {"id": issue.id, "teamId": issue.team.id}
    if kind != "Issue":
        data = {"id": "part", "issueId": issue.id}
    payload = {"action": action, "type": kind, "data": data}
    event = WEBHOOKS["linear"].parse(*signed("linear", payload, workspace.clock()))
    assert isinstance(event, Event)
    return event.hints


@pytest.fixture
def issue(workspace: Workspace) -> Issue:
    issues = [workspace.open_issue(f"Issue {number}", "Words") for number in range(12)]
    workspace.world.comment(issues[3], "Said")
    workspace.sync()
    workspace.settle()
    return issues[3]


def test_an_edit_a_comment_and_a_deleted_comment_take_one_fetch(workspace: Workspace, issue: Issue):
    world = workspace.world
    world.edit(issue, title="Another title")
    comment = world.comment(issue, "Said again")
    workspace.read_again(told(workspace, issue), told(workspace, issue, kind="Comment"))
    assert workspace.differences() == []
    assert workspace.asked() == HINTED

    world.delete_comment(comment)
    workspace.read_again(told(workspace, issue, "remove", "Comment"))

    assert workspace.differences() == []
    assert workspace.asked() == HINTED


def test_a_new_issue_is_found_and_the_feeds_show_no_change(workspace: Workspace, issue: Issue):
    new = workspace.open_issue("New")
    workspace.read_again(told(workspace, new, "create"))
    assert workspace.differences() == []

    report = workspace.sync()

    assert issue.identifier in workspace.texts()
    assert report.documents is None or report.documents.fetched == 0


@pytest.mark.parametrize("change", ["trash", "delete", "move"])
def test_what_goes_is_gone_at_once(workspace: Workspace, issue: Issue, change: str):
    if change == "trash":
        workspace.world.trash(issue)
    elif change == "delete":
        workspace.world.delete(issue)
    else:
        workspace.world.move(issue, "OPS")
    action: Action = "update" if change == "move" else "remove"

    workspace.read_again(told(workspace, issue, action))

    assert workspace.differences() == []
    assert workspace.asked() == ["Probe"]


def test_an_issue_that_is_not_seen_and_not_said_to_be_removed_is_left_to_the_feeds(
    workspace: Workspace, issue: Issue
):
    workspace.world.delete(issue)

    workspace.read_again(told(workspace, issue))

    assert workspace.asked() == ["Probe", "Changes"]
    assert issue.identifier in workspace.texts()


def test_a_forged_removal_removes_nothing(workspace: Workspace, issue: Issue):
    workspace.read_again(told(workspace, issue, "remove"))

    assert workspace.differences() == []


def test_what_no_webhook_told_is_still_found_by_the_feeds(workspace: Workspace, issue: Issue):
    others = [each for each in workspace.world.issues.values() if each is not issue]
    workspace.world.comment(others[0], "Nobody told")
    workspace.world.comment(issue, "Told")
    workspace.read_again(told(workspace, issue, kind="Comment"))
    assert workspace.differences() != []

    workspace.sync()

    assert workspace.differences() == []


@pytest.mark.parametrize("hint", [{}, {"issue": 7}])
def test_a_hint_that_names_no_issue_asks_the_feeds(
    workspace: Workspace, issue: Issue, hint: dict[str, int]
):
    workspace.world.comment(issue, "Said")

    workspace.read_again({**hint})

    assert workspace.differences() == []
    assert workspace.asked()[0] == "Changes"
