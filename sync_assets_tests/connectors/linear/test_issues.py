"""What syncs of a team find, and in how many calls."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from sync_assets.connectors.linear.connector import Linear
from sync_assets.errors import InvalidSettings, SourceGone, SourceRejectedUs
from sync_assets.sandbox.faults import Replaced
from sync_assets.search import search
from sync_assets_tests import oracle
from sync_assets_tests.connectors.linear.workspace import DAY, Workspace, running_workspace
from sync_assets_tests.fakes import FakeClock

YEAR = timedelta(days=365)
CHANGES = ["Changes"]
ONE_CHANGE = ["Changes", "Probe", "Issues"]


def test_an_issue_is_a_document_with_all_that_was_said(workspace: Workspace):
    world = workspace.world
    issue = workspace.open_issue("The cart forgets", "It is empty after a **reload**.")
    question = world.comment(issue, "In which browser?")
    world.comment(issue, "Only in private windows.", by="mara", parent=question)
    world.comment(issue, "Fixed by the session cookie.")

    workspace.sync()

    assert workspace.differences() == []
    [hit] = search(workspace.stores, "private windows", mode="text").hits
    assert hit.title == "The cart forgets (ENG-1)"
    assert hit.url == "https://linear.app/acme/issue/ENG-1"
    assert "**mara** replied on 2026-01-01:" in hit.text


def test_nothing_new_takes_one_call_and_writes_nothing(workspace: Workspace):
    for number in range(30):
        workspace.world.comment(workspace.open_issue(f"Issue {number}"), "Words")
    workspace.sync()
    workspace.settle()
    before = oracle.table_versions(workspace.index)

    report = workspace.sync()

    assert report.listing.unchanged
    assert workspace.asked() == CHANGES
    assert oracle.table_versions(workspace.index) == before


def test_a_comment_on_a_year_old_issue_takes_three_calls(workspace: Workspace):
    old = workspace.clock.now - YEAR
    issues = [
        workspace.world.open_issue("ENG", f"Issue {number}", at=old + timedelta(minutes=number))
        for number in range(250)
    ]
    workspace.sync()
    workspace.settle()
    workspace.world.comment(issues[7], "A year later: it was the cache")

    report = workspace.sync()

    assert workspace.differences() == []
    assert workspace.asked() == ONE_CHANGE
    assert report.documents
    assert report.documents.fetched == 1
    workspace.sync()
    assert workspace.asked() == CHANGES


@pytest.mark.parametrize(
    "change",
    ["edit", "comment", "edit comment", "resolve", "attach", "edit attachment", "archive", "soft"],
)
def test_each_change_that_has_a_time_of_its_own_is_found_by_the_next_sync(
    workspace: Workspace, change: str
):
    world = workspace.world
    issue = workspace.open_issue("Issue", "Words")
    comment = world.comment(issue, "Which port?")
    attachment = world.attach(issue, "PR", "https://github.com/acme/shop/pull/1")
    workspace.open_issue("Another")
    workspace.sync()
    workspace.settle()
    match change:
        case "edit":
            world.edit(issue, description="Other words", state=world.named("state", "Done"))
        case "comment":
            world.comment(issue, "8080", parent=comment)
        case "edit comment":
            world.edit_comment(comment, "Which host?")
        case "resolve":
            world.resolve(comment)
        case "attach":
            world.attach(issue, "Design", "https://figma.example/1", subtitle="v2")
        case "edit attachment":
            world.edit_attachment(attachment, title="PR, merged")
        case "archive":
            world.archive(issue)
        case _:
            world.delete_comment(comment, softly=True)

    workspace.sync()

    assert workspace.differences() == []
    assert workspace.asked() == ONE_CHANGE
    assert ("since resolved" in workspace.texts()["ENG-1"]) == (change == "resolve")
    assert (" · archived" in workspace.texts()["ENG-1"]) == (change == "archive")


@pytest.mark.parametrize(
    "change", ["delete comment", "detach", "relate", "unrelate", "rename", "orphan", "delete"]
)
def test_what_no_feed_shows_is_found_by_the_sweep(workspace: Workspace, change: str):
    world = workspace.world
    issue, other, child = (workspace.open_issue(f"Issue {number}") for number in range(3))
    comment = world.comment(issue, "Which port?")
    world.comment(issue, "8080", parent=comment)
    attachment = world.attach(issue, "PR", "https://github.com/acme/shop/pull/1")
    relation = world.relate(issue, "blocks", other)
    world.edit(child, parent=other)
    workspace.sync()
    workspace.settle()
    match change:
        case "delete comment":
            world.delete_comment(comment)
        case "detach":
            world.detach(attachment)
        case "relate":
            world.relate(other, "blocks", child)
        case "unrelate":
            world.unrelate(relation)
        case "rename":
            world.rename(issue.state, "Ready")
        case "orphan":
            world.edit(child, parent=None)
        case _:
            world.delete(other)
    workspace.clock.advance(DAY)

    workspace.sync()

    assert workspace.differences() == []
    assert workspace.asked()[0] == "Sweep"


def test_a_new_sub_issue_is_named_by_its_parent_at_once(workspace: Workspace):
    parent = workspace.open_issue("Parent")
    workspace.sync()
    workspace.settle()
    workspace.world.open_issue("ENG", "Child", parent=parent)

    workspace.sync()

    assert workspace.differences() == []
    assert "sub-issues: ENG-2" in workspace.texts()["ENG-1"]
    assert "sub-issue of ENG-1" in workspace.texts()["ENG-2"]


def test_what_goes_into_the_bin_goes_at_once_and_comes_back_with_it(workspace: Workspace):
    issue, _ = (workspace.open_issue(f"Issue {number}") for number in range(2))
    workspace.sync()
    workspace.settle()
    workspace.world.trash(issue)

    workspace.sync()
    assert list(workspace.texts()) == ["ENG-2"]
    workspace.sync("full")
    assert list(workspace.texts()) == ["ENG-2"]

    workspace.world.restore(issue)
    workspace.sync()
    assert workspace.differences() == []
    assert len(workspace.texts()) == 2


def test_an_issue_that_moves_to_another_team_goes_at_once(workspace: Workspace):
    issue, _ = (workspace.open_issue(f"Issue {number}") for number in range(2))
    workspace.sync()
    workspace.settle()
    workspace.world.move(issue, "OPS")

    workspace.sync()
    assert workspace.asked() == CHANGES
    assert list(workspace.texts()) == ["ENG-2"]

    workspace.world.move(issue, "ENG")
    workspace.sync()
    assert workspace.differences() == []
    assert workspace.links() >= {("is", f"ticket:{name}") for name in ("ENG-1", "OPS-1", "ENG-3")}


def test_an_issue_that_moves_out_of_sight_goes_with_the_sweep(workspace: Workspace):
    issue, _ = (workspace.open_issue(f"Issue {number}") for number in range(2))
    workspace.sync()
    workspace.settle()
    workspace.world.move(issue, "OPS")
    workspace.world.teams["OPS"].hidden = True

    workspace.sync()
    assert workspace.differences() != []
    workspace.clock.advance(DAY)
    workspace.sync()

    assert workspace.differences() == []


def test_a_workspace_is_all_teams_and_a_move_within_it_loses_nothing(
    tmp_path: Path, clock: FakeClock
):
    with running_workspace(tmp_path, clock, "workspace") as workspace:
        issue = workspace.open_issue("Issue", "Words")
        workspace.world.open_issue("OPS", "Elsewhere")
        workspace.world.comment(issue, "Said")
        workspace.sync()
        assert workspace.differences() == []
        workspace.settle()
        workspace.world.move(issue, "OPS")
        workspace.world.comment(issue, "Said here too")

        report = workspace.sync()

        assert workspace.differences() == []
        assert sorted(workspace.texts()) == ["OPS-1", "OPS-2"]
        assert report.index
        workspace.world.delete(issue)
        workspace.sync("full")
        assert workspace.differences() == []


def test_a_team_named_by_its_id_may_change_its_key(tmp_path: Path, clock: FakeClock):
    with running_workspace(tmp_path, clock) as workspace:
        team = workspace.world.teams["ENG"]
        source = workspace.stores.registry.add("linear", team.id, {}, "*/15 * * * *")
        workspace.source_id = source.source_id
        issue = workspace.open_issue("Issue")
        lost = workspace.open_issue("Another")
        workspace.sync()
        team.key = "CORE"
        workspace.world.delete(lost)

        workspace.sync("full")

        assert list(workspace.texts()) == [issue.identifier] == ["CORE-1"]


def test_a_key_that_an_archived_team_has_too_is_the_other_ones(workspace: Workspace):
    world = workspace.world
    workspace.open_issue("Here")
    old = world.open_issue("OPS", "Of a team that was archived")
    world.archive_team("OPS").key = "ENG"

    workspace.sync()
    world.comment(old, "Still open?")
    workspace.settle()

    documents = oracle.rows(workspace.index, "documents", workspace.source_id)
    assert [row["title"] for row in documents] == ["Here (ENG-1)"]
    assert workspace.verify().equal


def test_long_connections_are_read_to_their_ends(workspace: Workspace):
    world = workspace.world
    issue = workspace.open_issue("Long")
    exactly = workspace.open_issue("As many as are read with it")
    comments = [world.comment(issue, f"Comment {number}") for number in range(270)]
    for number in range(10):
        world.comment(exactly, f"Comment {number}")
    for number in range(40):
        world.attach(issue, f"PR {number}", f"https://github.com/acme/shop/pull/{number + 1}")
        world.relate(issue, "blocks", world.open_issue("ENG", f"Child {number}", parent=issue))
    world.edit(issue, labels=[world.named("label", f"label {number}") for number in range(30)])

    workspace.sync()
    assert workspace.differences() == []

    world.edit_comment(comments[3], "Edited")
    world.delete_comment(comments[4])
    workspace.sync("full")
    assert workspace.differences() == []


def test_a_vendor_that_allows_smaller_pages_is_asked_for_smaller_ones(workspace: Workspace):
    workspace.world.most_a_page = 60
    issues = [workspace.open_issue(f"Issue {number}") for number in range(70)]
    for number in range(130):
        workspace.world.comment(issues[0], f"Comment {number}")

    workspace.sync()

    assert workspace.differences() == []
    workspace.sync("full")
    assert workspace.asked().count("Sweep") == 2  # what was learned is kept


def test_pages_that_lie_about_the_next_one_lose_nothing(workspace: Workspace):
    world = workspace.world
    issues = [workspace.open_issue(f"Issue {number}") for number in range(160)]
    for number in range(260):
        world.comment(issues[0], f"Comment {number}")
    world.lies = 2

    workspace.sync()

    assert world.lies == 0
    assert workspace.differences() == []


def test_a_listing_that_lacks_issues_deletes_none_that_are_there(workspace: Workspace):
    [lost, *_] = [workspace.open_issue(f"Issue {number}") for number in range(6)]
    workspace.sync()
    unknown = "00000000" + lost.id[8:]
    fault = Replaced(lost.id.encode(), unknown.encode())
    workspace.sandbox.faults.add(fault, service="Sweep")

    workspace.sync("full")

    assert "Present" in workspace.asked()
    assert workspace.differences() == []
    workspace.world.delete(lost)
    workspace.sync()
    assert workspace.asked()[0] == "Sweep"  # what was not clear is looked at again
    assert workspace.differences() == []


def test_attachments_relations_and_mentions_are_links(workspace: Workspace):
    world = workspace.world
    issue = workspace.open_issue("Issue", "As in ENG-77 and commit 0d1a26e67d8f5eaf.")
    other = workspace.open_issue("Other")
    pull = f"{workspace.sandbox.url}/acme/shop/pull/12"
    world.attach(issue, "PR", pull, source_type="github")
    world.attach(issue, "Thread", "https://acme.slack.com/archives/C1/p1767225600000100")
    world.relate(issue, "duplicate", other)
    world.comment(issue, "See https://linear.app/acme/issue/OPS-5/slow#comment-1.")

    workspace.sync()

    assert workspace.links() >= {
        ("is", "ticket:ENG-1"),
        ("is", "ticket:ENG-2"),
        ("mentions", "github:acme/shop#12"),
        ("mentions", "https://acme.slack.com/archives/C1/p1767225600000100"),
        ("mentions", "ticket:ENG-2"),
        ("mentions", "ticket:ENG-77"),
        ("mentions", "ticket:OPS-5"),
        ("mentions", "commit:0d1a26e67d8f5eaf"),
    }


def test_a_secret_in_a_title_is_nowhere_and_so_not_in_the_address_that_repeats_it(
    workspace: Workspace,
):
    issue = workspace.open_issue("Use ghp_0123456789abcdefghijABCDEFGHIJ012345 for now")
    workspace.world.comment(issue, "No!")

    workspace.sync()

    everything = oracle.everything(workspace.index)
    assert "Use [REDACTED:github_token] for now" in everything
    assert "0123456789abcdefghij" not in everything.lower()


def test_a_new_name_of_a_state_embeds_only_what_names_it(workspace: Workspace):
    issue = workspace.open_issue("Issue", "word " * 400)
    workspace.world.comment(issue, "speech " * 400)
    workspace.sync()
    workspace.world.rename(issue.state, "Ready")

    report = workspace.sync("full")

    assert report.index
    assert report.index.texts_embedded == 1
    assert "Ready" in workspace.texts()["ENG-1"]


def test_verify_finds_an_index_that_is_whole_equal(workspace: Workspace):
    for number in range(5):
        workspace.world.comment(workspace.open_issue(f"Issue {number}"), "Words")
    workspace.sync()

    report = workspace.verify()

    assert (report.equal, report.differences) == (True, [])


def test_what_linear_refuses_is_one_clear_line(workspace: Workspace):
    stores = workspace.stores
    workspace.open_issue("Issue")
    workspace.world.teams["ENG"].hidden = True
    with pytest.raises(SourceGone, match="no team ENG: its key has changed"):
        workspace.sync()
    for key, error, words in (
        ("lin_api_wrong", SourceRejectedUs, "not authenticated: fix the key"),
        ("lin_oauth_wrong", SourceRejectedUs, "not authenticated: fix the key"),
        ("", InvalidSettings, "SYNC_ASSETS_LINEAR_API_KEY is not set"),
    ):
        changed = {"linear_api_key": SecretStr(key)}
        stores.settings = stores.settings.model_copy(update=changed)
        with pytest.raises(error, match=words) as raised:
            workspace.sync()
        assert "\n" not in str(raised.value)
        assert not key or key not in str(raised.value)


def test_an_oauth_token_is_sent_as_bearer(workspace: Workspace):
    workspace.open_issue("Issue")
    workspace.world.tokens.add("Bearer lin_oauth_sandbox")
    changed = {"linear_api_key": SecretStr("lin_oauth_sandbox")}
    workspace.stores.settings = workspace.stores.settings.model_copy(update=changed)

    workspace.sync()

    assert workspace.differences() == []


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("eng", "ENG"),
        (" Workspace", "workspace"),
        ("9CFB482A-81E3-4154-B5B9-2C805E70A02D", "9cfb482a-81e3-4154-b5b9-2c805e70a02d"),
    ],
)
def test_a_scope_has_one_spelling(said: str, meant: str):
    assert Linear().parse_scope(said) == meant


@pytest.mark.parametrize("scope", ["", "ENG-42", "two words", "https://linear.app/acme/team/ENG"])
def test_a_scope_that_is_none_is_told(scope: str):
    with pytest.raises(InvalidSettings, match="linear needs a team's key: ENG; or workspace"):
        Linear().parse_scope(scope)
