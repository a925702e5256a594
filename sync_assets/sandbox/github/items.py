"""Issues and pull requests of one repository, without what is said below them."""

import hashlib
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from threading import RLock

from sync_assets.sandbox.github.accounts import Accounts
from sync_assets.sandbox.github.announcing import Announcing
from sync_assets.sandbox.github.closing import closing_numbers
from sync_assets.sandbox.github.node_ids import node_id
from sync_assets.sandbox.github.records import (
    Account,
    ChangedFile,
    Entry,
    Item,
    Label,
    LockReason,
    Milestone,
    Pull,
    PullCommit,
    StateReason,
)
from sync_assets.sandbox.github.tracker_news import Watcher, nobody

_COLOURS = ("d73a4a", "0075ca", "a2eeef", "7057ff", "008672", "e4e669", "d876e3")


class Items(Announcing):
    """Items by number; the numbers of issues and pull requests are one series."""

    def __init__(
        self,
        repository: int,
        accounts: Accounts,
        clock: Callable[[], datetime],
        lock: RLock,
        ids: "count[int]",
        *,
        tell: Watcher = nobody,
    ) -> None:
        super().__init__(repository, accounts, lock, tell)
        self.items: dict[int, Item] = {}
        self.labels: dict[str, Label] = {}
        self.milestones: dict[int, Milestone] = {}
        self.deleted: set[int] = set()
        self.transferred: dict[int, tuple[int, int]] = {}
        self.created_at = clock().replace(microsecond=0)
        self._clock = clock
        self._ids = ids

    def open_issue(
        self,
        title: str,
        body: str = "",
        *,
        author: str | None = "mara",
        labels: Iterable[str] = (),
        number: int | None = None,
        at: datetime | None = None,
    ) -> Item:
        """A new issue."""
        with self._writing(at) as now:
            item = self._add(title, body, author, labels, number, now, None)
            self._told(item, "opened", author)
            return item

    def open_pull(
        self,
        title: str,
        body: str = "",
        *,
        author: str | None = "mara",
        labels: Iterable[str] = (),
        files: Sequence[ChangedFile] = (),
        commits: Sequence[PullCommit] = (),
        head: str | None = None,
        base: str = "main",
        base_oid: str | None = None,
        draft: bool = False,
        closes: Iterable[int] = (),
        number: int | None = None,
        at: datetime | None = None,
    ) -> Item:
        """A new pull request. `closes`: linked by hand, beside the keywords in its body."""
        with self._writing(at) as now:
            chosen = number or self._next_number()
            oid = commits[-1].oid if commits else _made_up_oid("head", self.repository, chosen)
            pull = Pull(
                head=head or f"change-{chosen}",
                base=base,
                head_oid=oid,
                base_oid=base_oid or _made_up_oid("base", self.repository, chosen),
                files=list(files),
                commits=list(commits),
                node_ids=[self._new_id("PURC")[1] for _ in commits],
                draft=draft,
                closes=set(closes),
            )
            item = self._add(title, body, author, labels, chosen, now, pull)
            self._told(item, "opened", author)
            return item

    def edit(
        self,
        number: int,
        *,
        title: str | None = None,
        body: str | None = None,
        editor: str = "mara",
        at: datetime | None = None,
    ) -> None:
        """Another title or body; only a body's edit is shown as `lastEditedAt`."""
        with self._changing(number, at) as (item, now):
            wanted = {"title": title, "body": body}
            former = {name: getattr(item, name) for name, new in wanted.items() if new is not None}
            item.title = item.title if title is None else title
            if body is not None:
                self._rewrite(item, body, editor, now)
        self._told(item, "edited", editor, former=former)

    def close(
        self,
        number: int,
        *,
        by: str | None = "mara",
        reason: StateReason = "COMPLETED",
        at: datetime | None = None,
    ) -> None:
        """Close an issue, or a pull request without merging it."""
        with self._changing(number, at) as (item, now):
            self._close(item, by, now, reason)
        self._told(item, "closed", by)

    def reopen(self, number: int, *, at: datetime | None = None) -> None:
        """Open it again."""
        with self._changing(number, at) as (item, _):
            item.closed_at = item.closed_by = None
            item.state_reason = None if item.pull else "REOPENED"
        self._told(item, "reopened")

    def merge(
        self,
        number: int,
        *,
        by: str | None = "mara",
        oid: str | None = None,
        at: datetime | None = None,
    ) -> None:
        """Merge a pull request, as commit `oid` if that exists; what it closes, closes."""
        with self._changing(number, at) as (item, now):
            pull = pull_of(item)
            pull.merged_at, pull.merged_by = now, self.accounts.named(by)
            pull.merge_oid = oid or _made_up_oid("merge", self.repository, number)
            pull.draft = False
            self._close(item, by, now, None)
            for closed in closing_numbers(item):
                if closed in self.items and self.items[closed].closed_at is None:
                    self.close(closed, by=by, at=now)
        self._told(item, "closed", by)

    def set_draft(self, number: int, *, draft: bool, at: datetime | None = None) -> None:
        """Convert to a draft, or mark as ready for review."""
        with self._changing(number, at) as (item, _):
            pull_of(item).draft = draft
        self._told(item, "converted_to_draft" if draft else "ready_for_review")

    def push(
        self,
        number: int,
        commits: Sequence[PullCommit] = (),
        files: Sequence[ChangedFile] = (),
        *,
        at: datetime | None = None,
    ) -> None:
        """Push commits to a pull request; `files` replaces those of the same paths."""
        with self._changing(number, at) as (item, now):
            pull = pull_of(item)
            before = pull.head_oid
            pull.commits += commits
            pull.node_ids += [self._new_id("PURC")[1] for _ in commits]
            paths = {file.path for file in files}
            pull.files = [file for file in pull.files if file.path not in paths] + list(files)
            pull.head_oid = commits[-1].oid if commits else _made_up_oid("push", pull.head_oid, now)
        self._told(item, "synchronize", former={"before": before})

    def delete(self, number: int) -> None:
        """Delete an issue: 410 from now on. Its number is not given again."""
        with self._writing(None):
            if self.items[number].pull is not None:
                raise ValueError("GitHub deletes no pull request")
            item = self.items.pop(number)
            self.deleted.add(number)
            self._told(item, "deleted")

    def create_label(
        self,
        name: str,
        *,
        color: str | None = None,
        description: str | None = None,
        at: datetime | None = None,
    ) -> Label:
        """A new label; without `color` one is chosen."""
        with self._writing(at) as now:
            new, node = self._new_id("LA")
            shade = color or _COLOURS[len(self.labels) % len(_COLOURS)]
            label = self.labels[name] = Label(name, shade, description, new, node, now, now)
            self._announce("label", "created", part=label)
            return label

    def rename_label(self, old: str, new: str, *, at: datetime | None = None) -> None:
        """Another name, on all items at once; none is bumped."""
        with self._writing(at) as now:
            label = self.labels.pop(old)
            label.name, label.updated_at = new, now
            self.labels[new] = label
            self._announce("label", "edited", part=label, former={"name": old})

    def label(self, number: int, *names: str, at: datetime | None = None) -> None:
        """Give labels; those that are new are created."""
        with self._changing(number, at) as (item, now):
            given = [found for found in self._labels(names, now) if found not in item.labels]
            item.labels += given
        for label in given:
            self._told(item, "labeled", part=label)

    def unlabel(self, number: int, *names: str, at: datetime | None = None) -> None:
        """Take labels away."""
        with self._changing(number, at) as (item, _):
            taken = [label for label in item.labels if label.name in names]
            item.labels = [label for label in item.labels if label not in taken]
        for label in taken:
            self._told(item, "unlabeled", part=label)

    def assign(self, number: int, *logins: str, at: datetime | None = None) -> None:
        """Replace the assignees."""
        with self._changing(number, at) as (item, _):
            before, item.assignees = item.assignees, self._accounts(logins)
        for account in [each for each in item.assignees if each not in before]:
            self._told(item, "assigned", part=account)
        for account in [each for each in before if each not in item.assignees]:
            self._told(item, "unassigned", part=account)

    def create_milestone(
        self,
        title: str,
        *,
        description: str | None = None,
        due_on: datetime | None = None,
        creator: str = "mara",
        at: datetime | None = None,
    ) -> Milestone:
        """A new milestone."""
        with self._writing(at) as now:
            new, node = self._new_id("MI")
            number = len(self.milestones) + 1
            by = self.accounts.named(creator)
            made = Milestone(title, number, description, by, new, node, now, now, due_on)
            self.milestones[number] = made
            return made

    def set_milestone(
        self, number: int, milestone: Milestone | None, *, at: datetime | None = None
    ) -> None:
        """Put it under a milestone, or under none."""
        with self._changing(number, at) as (item, _):
            before, item.milestone = item.milestone, milestone
        if before is not None:
            self._told(item, "demilestoned", part=before)
        if milestone is not None:
            self._told(item, "milestoned", part=milestone)

    def lock(
        self, number: int, reason: LockReason | None = None, *, at: datetime | None = None
    ) -> None:
        """Lock its conversation."""
        with self._changing(number, at) as (item, _):
            item.locked, item.lock_reason = True, reason
        self._told(item, "locked")

    def unlock(self, number: int, *, at: datetime | None = None) -> None:
        """Unlock its conversation."""
        with self._changing(number, at) as (item, _):
            item.locked, item.lock_reason = False, None
        self._told(item, "unlocked")

    @contextmanager
    def _writing(self, at: datetime | None) -> Generator[datetime]:
        with self._lock:
            yield (at or self._clock()).replace(microsecond=0)

    @contextmanager
    def _changing(self, number: int, at: datetime | None) -> Generator[tuple[Item, datetime]]:
        """An item that is bumped."""
        with self._writing(at) as now:
            item = self.items[number]
            yield item, now
            item.updated_at = max(item.updated_at, now)

    def _add(  # noqa: PLR0917 - private, and all of them are needed
        self,
        title: str,
        body: str,
        author: str | None,
        labels: Iterable[str],
        number: int | None,
        now: datetime,
        pull: Pull | None,
    ) -> Item:
        chosen = number or self._next_number()
        if chosen in self.items or chosen in self.deleted or chosen in self.transferred:
            raise ValueError(f"#{chosen} is taken")
        new, node = self._new_id("I" if pull is None else "PR")
        item = self.items[chosen] = Item(
            database_id=new,
            node_id=node,
            issue_id=new if pull is None else next(self._ids),
            author=self.accounts.named(author),
            title=title,
            body=body,
            created_at=now,
            updated_at=now,
            repository=self.repository,
            number=chosen,
            pull=pull,
            labels=self._labels(labels, now),
        )
        return item

    def _next_number(self) -> int:
        return max((*self.items, *self.deleted, *self.transferred, 0)) + 1

    def _new_id(self, prefix: str) -> tuple[int, str]:
        new = next(self._ids)
        return new, node_id(prefix, self.repository, new)

    def _close(self, item: Item, by: str | None, now: datetime, reason: StateReason | None) -> None:
        item.closed_at, item.closed_by = now, self.accounts.named(by)
        item.state_reason = None if item.pull else reason

    def _rewrite(self, entry: Entry, body: str, editor: str, now: datetime) -> None:
        entry.body, entry.editor = body, self.accounts.named(editor)
        entry.edited_at = entry.updated_at = now

    def _labels(self, names: Iterable[str], now: datetime) -> list[Label]:
        return [self.labels.get(name) or self.create_label(name, at=now) for name in names]

    def _accounts(self, logins: Iterable[str]) -> list[Account]:
        found = (self.accounts.named(login) for login in logins)
        return [account for account in found if account is not None]


def pull_of(item: Item) -> Pull:
    """The pull request that an item is; ValueError if it is an issue."""
    if item.pull is None:
        raise ValueError(f"#{item.number} is no pull request")
    return item.pull


def _made_up_oid(*facts: object) -> str:
    """An id that looks like a commit's; the repository does not hold it."""
    return hashlib.sha1(repr(facts).encode(), usedforsecurity=False).hexdigest()
