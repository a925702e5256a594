"""Linear's failures while issues are read: nothing is lost, cursors are right, one clear line."""

import json
from itertools import cycle

import pytest

from sync_assets.errors import SourceError
from sync_assets.sandbox.faults import Answer, Fault, Replaced, Reset, Truncated, html_page
from sync_assets.sandbox.linear.world import SANDBOX_TOKEN
from sync_assets_tests.connectors.linear.workspace import Workspace

HOUR = 3_600
JSON = {"content-type": "application/json"}


def errors(message: str, code: str, kind: str, data: object = None) -> str:
    extensions = {"code": code, "type": kind, "userError": True}
    return json.dumps({"data": data, "errors": [{"message": message, "extensions": extensions}]})


LIMITED = errors("Rate limit exceeded", "RATELIMITED", "ratelimited")
FAULTS: dict[str, Fault] = {
    "a limit in a 400": Answer(400, LIMITED, JSON),
    "a short limit": Answer(400, LIMITED, {**JSON, "retry-after": "9"}),
    "partial data and errors": Answer(
        200,
        errors("Something failed", "INTERNAL_SERVER_ERROR", "internal error", {"issues": None}),
        JSON,
    ),
    "too complex": Answer(400, errors("Query too complex", "INPUT_ERROR", "invalid input"), JSON),
    "a lost cursor": Answer(
        200, errors("after is not a valid pagination cursor", "INPUT_ERROR", "invalid input"), JSON
    ),
    "502": Answer(502, "<html>Bad gateway</html>"),
    "HTML": html_page(),
    "half a body": Truncated(200),
    "a reset": Reset(200),
    "an empty object": Answer(200, "{}", JSON),
    "another shape": Replaced(b'"identifier"', b'"identifiex"'),
}  # fmt: skip


LISTING = ["Sweep", "FactsComments", "FactsRest"]
FETCHING = ["Issues", "WholeComments", "WholeRest"]
FIRST_SYNC = [*zip(FAULTS, cycle([*LISTING, *FETCHING]), strict=False)]
LATER = [
    *zip(FAULTS, cycle(["Changes"]), strict=False),
    *zip(FAULTS, cycle(["Probe", *FETCHING, *LISTING[1:]]), strict=False),
]


def fill(workspace: Workspace) -> None:
    """Eight issues, one of which is long."""
    for number in range(8):
        issue = workspace.open_issue(f"Issue {number}", f"Words {number}")
        for part in range(14 if number == 3 else 2):
            workspace.world.comment(issue, f"Comment {part}")
            workspace.world.attach(issue, f"PR {part}", f"https://a.example/{number}/{part}")


def attempt(workspace: Workspace) -> list[str]:
    """A sync that may fail; why."""
    try:
        workspace.sync()
    except SourceError as error:
        return [str(error)]
    return []


@pytest.mark.parametrize(("fault", "service"), FIRST_SYNC)
def test_first_sync_that_meets_a_fault_is_whole_at_the_latest_with_the_next(
    workspace: Workspace, fault: str, service: str
):
    fill(workspace)
    workspace.sandbox.faults.add(FAULTS[fault], service=service, times=4)
    told = attempt(workspace)
    assert all("\n" not in line and SANDBOX_TOKEN not in line for line in told)
    assert workspace.sandbox.faults.pending < 4
    workspace.sandbox.faults.clear()
    workspace.clock.advance(2 * HOUR)
    workspace.sync()

    assert workspace.differences() == []
    assert not workspace.stores.failures.list()


@pytest.mark.parametrize(("fault", "service"), LATER)
def test_changes_are_not_lost_where_a_fault_hid_them(
    workspace: Workspace, fault: str, service: str
):
    fill(workspace)
    workspace.sync()
    workspace.settle()
    issues = [*workspace.world.issues.values()]
    workspace.world.comment(issues[3], "In the long one")
    workspace.world.edit(issues[5], title="Another title")
    workspace.world.trash(issues[6])
    workspace.sandbox.faults.add(FAULTS[fault], service=service, times=4)
    assert all("\n" not in line and SANDBOX_TOKEN not in line for line in attempt(workspace))
    assert workspace.sandbox.faults.pending < 4
    workspace.sandbox.faults.clear()
    workspace.clock.advance(2 * HOUR)
    workspace.sync()

    assert workspace.differences() == []
    assert not workspace.stores.failures.list()


def test_a_used_up_hour_ends_the_run_well_and_is_waited_for(workspace: Workspace):
    fill(workspace)
    workspace.world.requests_an_hour = 2

    report = workspace.sync()
    assert report.listing.deferred_until
    assert "its rate budget `graphql` is used up" in str(report.listing.deferred_because)
    workspace.sync()
    assert workspace.asked() == []

    workspace.world.requests_an_hour = 2_500
    workspace.clock.advance(2 * HOUR)
    workspace.sync()
    assert workspace.differences() == []


def test_one_issue_that_cannot_be_read_holds_up_no_other(workspace: Workspace):
    fill(workspace)
    workspace.sync()
    workspace.settle()
    issues = [*workspace.world.issues.values()]
    workspace.world.comment(issues[3], "In the long one")
    workspace.world.comment(issues[4], "In another one")
    workspace.sandbox.faults.add(FAULTS["half a body"], service="WholeRest", times=99)

    attempt(workspace)
    assert "In another one" in workspace.texts()["ENG-5"]
    assert "In the long one" not in workspace.texts()["ENG-4"]
    assert [each.key for each in workspace.stores.failures.list()] == ["ENG-4"]

    workspace.sandbox.faults.clear()
    workspace.clock.advance(HOUR)
    workspace.sync()
    assert workspace.differences() == []
    assert not workspace.stores.failures.list()
