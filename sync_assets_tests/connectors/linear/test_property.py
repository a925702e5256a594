"""Whatever happens to a team's issues: the index equals them after a sync and a sweep, and after a
sync alone where nothing happened that no feed of Linear's shows.
"""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Literal, TypeVar

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sync_assets.sandbox.linear.records import Attachment, Comment, Issue
from sync_assets.sandbox.linear.world import LinearWorld
from sync_assets_tests.connectors.linear.workspace import Workspace, running_workspace
from sync_assets_tests.fakes import FakeClock

T = TypeVar("T")
PICK = st.integers(0, 1_000)
YEAR = timedelta(days=365)


class TeamHistory(RuleBasedStateMachine):
    """`silent`: something happened since the last sweep that no feed shows."""

    @initialize(scope=st.sampled_from(["ENG", "ENG", "workspace"]))
    def begin(self, scope: str) -> None:
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.clock = FakeClock()
        self.workspace = self.stack.enter_context(
            running_workspace(Path(folder), self.clock, scope)
        )
        self.workspace.world.most_a_page = 100
        self.words = count(1)
        self.silent, self.settled = False, False
        for _ in range(3):
            issue = self.open("ENG", at=True)
            self.world.comment(issue, self.word(), at=self.clock() - YEAR)
            self.world.attach(issue, "PR", f"https://github.com/acme/shop/pull/{issue.number}")
        self.sweep()

    @property
    def world(self) -> LinearWorld:
        return self.workspace.world

    def word(self) -> str:
        return f"said so {next(self.words)}"

    def open(self, team: str, *, at: bool) -> Issue:
        when = self.clock() - YEAR if at else None
        return self.world.open_issue(team, f"Issue {next(self.words)}", self.word(), at=when)

    # What feeds show.

    @rule(team=st.sampled_from(["ENG", "OPS"]))
    def open_an_issue(self, team: str) -> None:
        self.open(team, at=False)
        self.changed()

    @rule(pick=PICK, many=st.sampled_from([1, 1, 12]))
    def comment(self, pick: int, many: int) -> None:
        for issue in one_of(self.issues(), pick):
            for _ in range(many):
                self.world.comment(issue, self.word(), by=("mara", "tomas", None)[pick % 3])
            self.changed()

    @rule(pick=PICK, what=st.sampled_from(["reply", "edit", "resolve", "soft delete"]))
    def change_a_comment(self, pick: int, what: str) -> None:
        for comment in one_of(self.comments(), pick):
            if what == "reply":
                self.world.comment(comment.issue, self.word(), parent=comment.parent or comment)
            elif what == "edit":
                self.world.edit_comment(comment, self.word())
            elif what == "resolve":
                self.world.resolve(comment)
            else:
                self.world.delete_comment(comment, softly=True)
            self.changed()

    @rule(pick=PICK, edit=st.booleans())
    def attach(self, pick: int, edit: bool) -> None:
        if edit:
            for attachment in one_of(self.attachments(), pick):
                self.world.edit_attachment(attachment, title=self.word())
        else:
            for issue in one_of(self.issues(), pick):
                self.world.attach(issue, self.word(), f"https://a.example/{next(self.words)}")
        self.changed()

    @rule(pick=PICK, what=st.sampled_from(["title", "description", "state", "labels", "people"]))
    def edit(self, pick: int, what: str) -> None:
        world = self.world
        for issue in one_of(self.issues(), pick):
            if what == "state":
                world.edit(issue, state=world.named("state", f"State {pick % 3}"))
            elif what == "labels":
                names = [f"label {number}" for number in range(pick % 8)]
                world.edit(issue, labels=[world.named("label", name) for name in names])
            elif what == "people":
                world.edit(issue, assignee=world.users["mara"], priority=pick % 5, estimate=2.0)
            else:
                world.edit(issue, **{what: self.word()})
            self.changed()

    @rule(pick=PICK)
    def make_it_a_child(self, pick: int) -> None:
        issues = [each for each in self.issues() if each.parent is None and not each.children]
        parents = [each for each in self.issues() if each.parent is None and each not in issues[:1]]
        for child in issues[:1]:
            for parent in one_of(parents, pick):
                self.world.edit(child, parent=parent)
                self.changed()

    @rule(pick=PICK, what=st.sampled_from(["archive", "trash", "restore"]))
    def archive(self, pick: int, what: Literal["archive", "trash", "restore"]) -> None:
        for issue in one_of([*self.world.issues.values()], pick):
            getattr(self.world, what)(issue)
            self.changed(silently=bool(issue.parent))

    @rule(pick=PICK)
    def move(self, pick: int) -> None:
        for issue in one_of(self.issues(), pick):
            named = [issue.parent, *issue.children, *issue.relations, *issue.inverse_relations]
            self.world.move(issue, "OPS" if issue.team.key == "ENG" else "ENG")
            self.changed(silently=any(named))

    # What no feed shows.

    @rule(pick=PICK, what=st.sampled_from(["comment", "attachment"]))
    def delete_a_part(self, pick: int, what: str) -> None:
        if what == "comment":
            for comment in one_of(self.comments(), pick):
                self.world.delete_comment(comment)
        else:
            for attachment in one_of(self.attachments(), pick):
                self.world.detach(attachment)
        self.changed(silently=True)

    @rule(pick=PICK)
    def delete(self, pick: int) -> None:
        for issue in one_of([*self.world.issues.values()], pick):
            self.world.delete(issue)
            self.changed(silently=True)

    @rule(pick=PICK)
    def relate(self, pick: int) -> None:
        issues = self.issues()
        for issue in one_of(issues, pick):
            if issue.relations:
                self.world.unrelate(issue.relations[0])
            elif issue is not issues[0]:
                self.world.relate(issue, "blocks", issues[0])
            self.changed(silently=True)

    @rule(pick=PICK)
    def rename(self, pick: int) -> None:
        for name in one_of([*self.world.names.values()], pick):
            self.world.rename(name, f"{name.name}'")
            self.changed(silently=True)

    # What we do.

    @rule(seconds=st.sampled_from([0.2, 2, 61, 3_600]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(pick=PICK)
    def hint(self, pick: int) -> None:
        """A webhook names an issue, whether something happened to it or not."""
        for issue in one_of([*self.world.issues.values()], pick):
            self.workspace.read_again({"issue": issue.id})
            self.settled = False

    @rule(last=st.sampled_from(["list", "documents"]))
    def crash(self, last: Literal["list", "documents"]) -> None:
        """A process that is killed after one of its steps."""
        self.workspace.step(last)
        self.settled = False

    @rule()
    def sync(self) -> None:
        self.workspace.sync()
        self.settled = not self.silent and not self.workspace.stores.approvals.all(state="held")

    @rule()
    def sweep(self) -> None:
        self.workspace.sync("full")
        self.workspace.approve()
        self.silent, self.settled = False, True

    @precondition(lambda self: getattr(self, "settled", False))
    @invariant()
    def the_index_equals_the_team(self) -> None:
        assert self.workspace.differences() == []

    def teardown(self) -> None:
        if not hasattr(self, "workspace"):
            return
        try:
            self.workspace.sync()
            self.sweep()
            assert self.workspace.differences() == []
            assert self.workspace.verify().differences == []
            self.workspace.settle()
            assert self.workspace.sync().listing.unchanged
        finally:
            self.stack.close()

    def changed(self, *, silently: bool = False) -> None:
        self.settled = False
        self.silent |= silently

    def issues(self) -> list[Issue]:
        return [each for each in self.world.issues.values() if each.archived_at is None]

    def comments(self) -> list[Comment]:
        return [
            each for issue in self.issues() for each in issue.comments if each.archived_at is None
        ]

    def attachments(self) -> list[Attachment]:
        return [each for issue in self.issues() for each in issue.attachments]


def one_of(choices: Sequence[T], pick: int) -> Sequence[T]:
    """One of them, if there is any."""
    return [choices[pick % len(choices)]] if choices else []


TestTeamHistory = TeamHistory.TestCase
TestTeamHistory.settings = hypothesis_settings(
    max_examples=8, stateful_step_count=12, deadline=None
)


@pytest.mark.chaos
@pytest.mark.timeout(1_800)
class TestLongTeamHistory(TeamHistory.TestCase):
    settings = hypothesis_settings(max_examples=30, stateful_step_count=30, deadline=None)


def test_the_oracle_finds_what_is_planted(workspace: Workspace):
    world = workspace.world
    issues = [workspace.open_issue(f"Issue {number}", "Words") for number in range(5)]
    comment = world.comment(issues[0], "Said")
    attachment = world.attach(issues[1], "PR", "https://github.com/acme/shop/pull/1")
    workspace.sync()
    assert workspace.differences() == []

    comment.body = "Something else"
    attachment.title = "Another"
    world.rename(issues[2].state, "Done")
    world.trash(issues[3])
    world.delete(issues[4])
    workspace.open_issue("New")

    assert workspace.differences() == [
        "ENG-1: does not tell 'Done' in its place",
        "ENG-1: does not tell 'Something else' in its place",
        "ENG-1: state is 'Todo', not 'Done'",
        "ENG-2: does not tell 'Done' in its place",
        "ENG-2: does not tell '[Another](https://github.com/acme/shop/pull/1)' in its place",
        "ENG-2: state is 'Todo', not 'Done'",
        "ENG-3: does not tell 'Done' in its place",
        "ENG-3: state is 'Todo', not 'Done'",
        "ENG-4: extra",
        "ENG-5: extra",
        "ENG-6: missing",
    ]
