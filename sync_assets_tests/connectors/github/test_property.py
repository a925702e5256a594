"""Whatever happens to a tracker: the index equals it after a sync and a sweep, and after a sync
alone where nothing happened that no feed of GitHub's shows.
"""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Literal, TypeVar

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sync_assets.sandbox.github.records import (
    ChangedFile,
    Inline,
    Item,
    Pull,
    PullCommit,
    ReviewState,
    Thread,
)
from sync_assets.sandbox.github.tracker import Tracker
from sync_assets_tests.connectors.github.desk import STREAMS, open_desk

T = TypeVar("T")
PICK = st.integers(0, 1_000)
STATES = st.sampled_from(["COMMENTED", "APPROVED", "CHANGES_REQUESTED"])


class TrackerHistory(RuleBasedStateMachine):
    """`silent`: something happened since the last sweep that no feed shows."""

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.desk = self.stack.enter_context(open_desk(Path(folder)))
        self.sandbox, self.clock = self.desk.sandbox, self.desk.clock
        self.sandbox.repositories.create("acme/other")
        self.words, self.names = count(1), count(1)
        self.name = "acme/shop"
        self.silent, self.settled = False, False
        for _ in range(3):
            self.tracker.open_issue("Issue", self.word())
            self.tracker.open_pull("Pull", self.word())
        self.sweep()

    @property
    def tracker(self) -> Tracker:
        return self.sandbox.trackers.of(self.name)

    def word(self) -> str:
        return f"said so\n\nplanted{next(self.words)}"

    # What feeds show.

    @rule(labels=st.lists(st.sampled_from(["bug", "idea", "später"]), max_size=2, unique=True))
    def open_an_issue(self, labels: list[str]) -> None:
        self.tracker.open_issue("New issue", self.word(), labels=labels)
        self.changed()

    @rule(draft=st.booleans(), files=st.integers(0, 3))
    def open_a_pull_request(self, draft: bool, files: int) -> None:
        self.tracker.open_pull(
            "New pull", self.word(), author=None, draft=draft,
            files=[ChangedFile(f"src/{name}.py", name, 1) for name in range(files)],
            commits=[PullCommit("a" * 40, self.word(), "M", "m@example.com", self.clock())],
        )  # fmt: skip
        self.changed()

    @rule(pick=PICK)
    def comment(self, pick: int) -> None:
        self.tracker.comment(self.item(pick).number, self.word())
        self.changed()

    @rule(pick=PICK)
    def edit_a_comment(self, pick: int) -> None:
        comments = [each for item in self.items() for each in item.comments]
        for comment in one_of(comments, pick):
            self.tracker.edit_comment(comment, self.word())
            self.changed()

    @rule(pick=PICK, title=st.booleans())
    def edit(self, pick: int, title: bool) -> None:
        number = self.item(pick).number
        if title:
            self.tracker.edit(number, title=f"Another title {pick}")
        else:
            self.tracker.edit(number, body=self.word())
        self.changed()

    @rule(pick=PICK)
    def flip_the_state(self, pick: int) -> None:
        item = self.item(pick)
        if item.state == "OPEN":
            self.tracker.close(item.number)
        elif item.state == "CLOSED":
            self.tracker.reopen(item.number)
        self.changed()

    @rule(pick=PICK)
    def merge(self, pick: int) -> None:
        for item in one_of([each for each in self.pulls() if each.state == "OPEN"], pick):
            self.tracker.merge(item.number)
            self.changed()

    @rule(pick=PICK)
    def label_and_assign(self, pick: int) -> None:
        number = self.item(pick).number
        self.tracker.label(number, f"label {pick % 3}")
        self.tracker.assign(number, "tomas", "mara")
        self.changed()

    @rule(pick=PICK, state=STATES, threads=st.integers(0, 2))
    def review(self, pick: int, state: ReviewState, threads: int) -> None:
        for item in one_of(self.pulls(), pick):
            inline = [Inline(f"src/{line}.py", line + 1, self.word()) for line in range(threads)]
            body = self.word() if pick % 2 else ""
            self.tracker.review(item.number, body, state=state, inline=inline)
            self.changed()

    @rule(pick=PICK, edit=st.booleans())
    def reply_or_edit_in_a_thread(self, pick: int, edit: bool) -> None:
        self.clock.advance(1)  # an edit in the second it was read in is missed
        for thread in one_of(self.threads(), pick):
            if edit:
                self.tracker.edit_comment(thread.comments[-1], self.word())
            else:
                self.tracker.reply(thread, self.word())
            self.changed()

    @rule(pick=PICK)
    def push(self, pick: int) -> None:
        for item in one_of(self.pulls(), pick):
            commit = PullCommit("b" * 40, self.word(), "M", "m@example.com", self.clock())
            self.tracker.push(item.number, [commit], [ChangedFile("src/new.py", pick, 0)])
            self.changed()

    @rule()
    def rename_the_repository(self) -> None:
        old, self.name = self.name, f"acme/shop-{next(self.names)}"
        self.sandbox.repositories.rename(old, self.name)
        self.changed()

    # What no feed shows.

    @rule(pick=PICK)
    def delete_a_comment(self, pick: int) -> None:
        comments = [each for item in self.items() for each in item.comments]
        for comment in one_of(comments, pick):
            self.tracker.delete_comment(comment)
            self.changed(silently=True)

    @rule(pick=PICK)
    def edit_a_review(self, pick: int) -> None:
        reviews = [each for item in self.pulls() for each in pull(item).reviews]
        for review in one_of([each for each in reviews if each.body], pick):
            self.tracker.edit_review(review, self.word())
            self.changed(silently=True)

    @rule(pick=PICK, what=st.sampled_from(["resolve", "outdate", "delete"]))
    def change_a_thread(self, pick: int, what: str) -> None:
        for thread in one_of(self.threads(), pick):
            if what == "resolve":
                self.tracker.resolve(thread)
            elif what == "outdate":
                self.tracker.outdate(thread)
            else:
                self.tracker.delete_comment(thread.comments[0])
            self.changed(silently=True)

    @rule(pick=PICK, transfer=st.booleans())
    def lose_an_issue(self, pick: int, transfer: bool) -> None:
        for item in one_of([each for each in self.items() if each.pull is None], pick):
            if transfer:
                other = self.sandbox.trackers.of("acme/other")
                self.sandbox.trackers.transfer(self.tracker, item.number, other)
            else:
                self.tracker.delete(item.number)
            self.changed(silently=True)

    @rule(pick=PICK)
    def rename_a_label(self, pick: int) -> None:
        for name in one_of([*self.tracker.labels], pick):
            self.tracker.rename_label(name, f"{name}'")
            self.changed(silently=True)

    # What we do.

    @rule(seconds=st.sampled_from([1, 2, 61, 3_600]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(streams=st.sampled_from([STREAMS, STREAMS[:1], STREAMS[1:]]),
          last=st.sampled_from(["list", "documents"]))  # fmt: skip
    def crash(self, streams: Sequence[str], last: Literal["list", "documents"]) -> None:
        """A process that is killed after one of its steps."""
        with self.desk.sessions(streams) as syncs:
            for sync in syncs.values():
                listed = sync.list("incremental")
                if last == "documents" and not listed.ends_sync:
                    sync.sync_documents()

    @rule(pick=PICK)
    def sync_while_somebody_writes(self, pick: int) -> None:
        """Between the listing and the fetching of each stream."""
        with self.desk.sessions() as syncs:
            for sync in syncs.values():
                listed = sync.list("incremental")
                self.tracker.comment(self.item(pick).number, self.word())
                if not listed.ends_sync:
                    sync.sync_documents()
                    sync.index_documents()
        self.changed()

    @rule()
    def sync(self) -> None:
        self.desk.sync()
        self.settled = not self.silent and not self.desk.stores.approvals.all(state="held")

    @rule()
    def sweep(self) -> None:
        self.desk.sync("full")
        for held in self.desk.stores.approvals.all(state="held"):
            self.desk.stores.approvals.approve(held.approval_id)
        self.desk.sync("full")
        self.silent, self.settled = False, True

    @precondition(lambda self: getattr(self, "settled", False))
    @invariant()
    def the_index_equals_the_tracker(self) -> None:
        assert self.desk.differences() == []

    def teardown(self) -> None:
        if not hasattr(self, "desk"):
            return
        try:
            self.desk.sync()
            self.sweep()
            assert self.desk.differences() == []
            assert [each.differences for each in self.desk.verify()] == [[], []]
            self.clock.advance(600)
            self.desk.sync()
            assert all(each.listing.unchanged for each in self.desk.sync().values())
        finally:
            self.stack.close()

    def changed(self, *, silently: bool = False) -> None:
        self.settled = False
        self.silent |= silently

    def items(self) -> list[Item]:
        return [*self.tracker.items.values()]

    def item(self, pick: int) -> Item:
        """A pull request may be always had: none is ever deleted."""
        return self.items()[pick % len(self.items())]

    def pulls(self) -> list[Item]:
        return [item for item in self.items() if item.pull]

    def threads(self) -> list[Thread]:
        return [thread for item in self.pulls() for thread in pull(item).threads]


def pull(item: Item) -> Pull:
    assert item.pull
    return item.pull


def one_of(choices: Sequence[T], pick: int) -> Sequence[T]:
    """One of them, if there is any."""
    return [choices[pick % len(choices)]] if choices else []


TestTrackerHistory = TrackerHistory.TestCase
TestTrackerHistory.settings = hypothesis_settings(
    max_examples=8, stateful_step_count=12, deadline=None
)


@pytest.mark.chaos
@pytest.mark.timeout(1_800)
class TestLongTrackerHistory(TrackerHistory.TestCase):
    settings = hypothesis_settings(max_examples=30, stateful_step_count=30, deadline=None)
