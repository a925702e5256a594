"""The issues and pull requests of one repository, and the script that changes them.

What bumps `updated_at` of an item is GitHub's rule, or the worse for a client where GitHub's own
is not known ("documented, not observed"):

bumps it        title, body, state, draft, labels given, assignees, milestone, lock, a new comment,
                a submitted review, pushed commits
only its own    editing a comment or an inline comment; an inline reply (the pull request's
                `updatedAt` moves, the one of `/issues` does not)
nothing         deleting a comment, editing a review's body, resolving or outdating a thread,
                renaming a label, an account or the repository, a milestone's text

Every action takes `at`, else the sandbox's clock; all times are whole seconds, as at GitHub.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sync_assets.sandbox.github.items import Items, pull_of
from sync_assets.sandbox.github.records import (
    Comment,
    Inline,
    InlineComment,
    Item,
    Review,
    ReviewState,
    Thread,
)
from sync_assets.sandbox.github.tracker_news import TrackerEvent


class Tracker(Items):
    """All that is said below the items, too."""

    def comment(
        self, number: int, body: str, *, author: str | None = "mara", at: datetime | None = None
    ) -> Comment:
        """A new comment."""
        with self._changing(number, at) as (item, now):
            comment = self._comment(item, body, author, now)
        self._said("created", comment, author)
        return comment

    def edit_comment(
        self,
        comment: Comment | InlineComment,
        body: str,
        *,
        editor: str = "mara",
        at: datetime | None = None,
    ) -> None:
        """Another body; the item is not bumped."""
        with self._writing(at) as now:
            former = {"body": comment.body}
            self._rewrite(comment, body, editor, now)
            self._said("edited", comment, editor, former)

    def delete_comment(self, comment: Comment | InlineComment) -> None:
        """Delete it; no time changes anywhere. A thread without comments is gone too."""
        with self._writing(None):
            if isinstance(comment, Comment):
                comment.item.comments.remove(comment)
            else:
                thread = comment.thread
                thread.comments.remove(comment)
                if not thread.comments:
                    pull_of(thread.item).threads.remove(thread)
            self._said("deleted", comment)

    def review(
        self,
        number: int,
        body: str = "",
        *,
        state: ReviewState = "COMMENTED",
        author: str | None = "tomas",
        inline: Sequence[Inline] = (),
        at: datetime | None = None,
    ) -> Review:
        """A submitted review; each inline comment begins a thread."""
        with self._changing(number, at) as (item, now):
            review = self._review(item, body, state, author, now)
            said: list[InlineComment] = []
            for begun in inline:
                thread = Thread(
                    item=item,
                    node_id=self._new_id("PRRT")[1],
                    path=begun.path,
                    original_line=begun.line,
                    start_line=begun.start_line,
                    diff_hunk=begun.diff_hunk,
                    line=begun.line,
                )
                pull_of(item).threads.append(thread)
                said.append(self._inline(thread, review, begun.body, now))
        self._reviewed("submitted", review, author)
        for comment in said:
            self._said("created", comment, author)
        return review

    def edit_review(
        self, review: Review, body: str, *, editor: str = "tomas", at: datetime | None = None
    ) -> None:
        """Another body; the pull request is not bumped, and no feed shows it."""
        with self._writing(at) as now:
            former = {"body": review.body}
            self._rewrite(review, body, editor, now)
            self._reviewed("edited", review, editor, former)

    def dismiss_review(self, review: Review, *, at: datetime | None = None) -> None:
        """Dismiss it."""
        with self._changing(review.item.number, at) as (_, now):
            review.state, review.updated_at = "DISMISSED", now
        self._reviewed("dismissed", review)

    def reply(
        self, thread: Thread, body: str, *, author: str | None = "mara", at: datetime | None = None
    ) -> InlineComment:
        """An inline reply: GitHub makes an empty review of it."""
        with self._writing(at) as now:
            review = self._review(thread.item, "", "COMMENTED", author, now)
            pull_of(thread.item).inline_at = now
            comment = self._inline(thread, review, body, now)
            self._reviewed("submitted", review, author)
            self._said("created", comment, author)
            return comment

    def resolve(self, thread: Thread, *, by: str = "mara") -> None:
        """Resolve a thread; nothing is bumped."""
        with self._writing(None):
            thread.resolved, thread.resolved_by = True, self.accounts.named(by)
            self._threaded("resolved", thread, by)

    def unresolve(self, thread: Thread) -> None:
        """Take up a thread again; nothing is bumped."""
        with self._writing(None):
            thread.resolved, thread.resolved_by = False, None
            self._threaded("unresolved", thread)

    def outdate(self, thread: Thread) -> None:
        """The code below a thread has moved on; nothing is bumped."""
        with self._writing(None):
            thread.outdated, thread.line = True, None

    def adopt(self, old: Item, *, at: datetime | None = None) -> Item:
        """An issue of another repository as one of this: `Trackers.transfer`."""
        with self._writing(at) as now:
            author = old.author.login if old.author else None
            known = [label.name for label in old.labels if label.name in self.labels]
            new = self._add(old.title, old.body, author, known, None, now, None)
            new.created_at, new.association = old.created_at, old.association
            new.edited_at, new.editor = old.edited_at, old.editor
            new.closed_at, new.closed_by = old.closed_at, old.closed_by
            new.state_reason, new.assignees = old.state_reason, list(old.assignees)
            for said in old.comments:
                login = said.author.login if said.author else None
                copy = self._comment(new, said.body, login, said.created_at)
                copy.updated_at, copy.edited_at = said.updated_at, said.edited_at
                copy.editor, copy.association = said.editor, said.association
            return new

    def _comment(self, item: Item, body: str, author: str | None, now: datetime) -> Comment:
        new, node = self._new_id("IC")
        comment = Comment(
            database_id=new,
            node_id=node,
            author=self.accounts.named(author),
            body=body,
            created_at=now,
            updated_at=now,
            item=item,
        )
        item.comments.append(comment)
        return comment

    def _review(
        self, item: Item, body: str, state: ReviewState, author: str | None, now: datetime
    ) -> Review:
        new, node = self._new_id("PRR")
        pull = pull_of(item)
        review = Review(
            database_id=new,
            node_id=node,
            author=self.accounts.named(author),
            body=body,
            created_at=now,
            updated_at=now,
            item=item,
            state=state,
            commit=pull.head_oid,
            submitted_at=now,
        )
        pull.reviews.append(review)
        return review

    def _inline(self, thread: Thread, review: Review, body: str, now: datetime) -> InlineComment:
        new, node = self._new_id("PRRC")
        comment = InlineComment(
            database_id=new,
            node_id=node,
            author=review.author,
            body=body,
            created_at=now,
            updated_at=now,
            thread=thread,
            review=review,
            reply_to=thread.comments[0] if thread.comments else None,
            commit=review.commit or "",
        )
        thread.comments.append(comment)
        return comment

    def _said(
        self,
        action: str,
        comment: Comment | InlineComment,
        by: str | None = None,
        former: Mapping[str, str] | None = None,
    ) -> None:
        if isinstance(comment, Comment):
            event: TrackerEvent = "issue_comment"
            item = comment.item
        else:
            event, item = "pull_request_review_comment", comment.thread.item
        self._announce(event, action, by, item=item, part=comment, former=former)

    def _reviewed(
        self,
        action: str,
        review: Review,
        by: str | None = None,
        former: Mapping[str, str] | None = None,
    ) -> None:
        event: TrackerEvent = "pull_request_review"
        self._announce(event, action, by, item=review.item, part=review, former=former)

    def _threaded(self, action: str, thread: Thread, by: str | None = None) -> None:
        event: TrackerEvent = "pull_request_review_thread"
        self._announce(event, action, by, item=thread.item, part=thread)
