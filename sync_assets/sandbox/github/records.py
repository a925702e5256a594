"""What a tracker holds. Records are changed by `tracker.py` alone; readers hold its lock."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

ChangeType = Literal["ADDED", "CHANGED", "COPIED", "DELETED", "MODIFIED", "RENAMED"]
LockReason = Literal["OFF_TOPIC", "RESOLVED", "SPAM", "TOO_HEATED"]
ReviewState = Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"]
StateReason = Literal["COMPLETED", "DUPLICATE", "NOT_PLANNED", "REOPENED"]


@dataclass(eq=False, slots=True)
class Account:
    """A person or a bot. `deleted`: what it wrote stays, and its author is null."""

    login: str
    database_id: int
    node_id: str
    kind: Literal["User", "Bot", "Organization"] = "User"
    deleted: bool = False


@dataclass(eq=False, slots=True)
class Label:
    """A label of a repository; items share the record, so that a rename shows everywhere."""

    name: str
    color: str
    description: str | None
    database_id: int
    node_id: str
    created_at: datetime
    updated_at: datetime


@dataclass(eq=False, slots=True)
class Milestone:
    """A milestone of a repository."""

    title: str
    number: int
    description: str | None
    creator: Account | None
    database_id: int
    node_id: str
    created_at: datetime
    updated_at: datetime
    due_on: datetime | None = None
    closed_at: datetime | None = None


@dataclass(eq=False, kw_only=True, slots=True)
class Entry:
    """Something written by somebody. `author` is None from birth for authors unknown (ghosts)."""

    database_id: int
    node_id: str
    author: Account | None
    body: str
    created_at: datetime
    updated_at: datetime
    association: str = "CONTRIBUTOR"
    edited_at: datetime | None = None
    editor: Account | None = None


@dataclass(eq=False, kw_only=True, slots=True)
class Comment(Entry):
    """A comment below an issue or pull request."""

    item: "Item"


@dataclass(eq=False, kw_only=True, slots=True)
class Review(Entry):
    """A review of a pull request; its inline comments stand in threads."""

    item: "Item"
    state: ReviewState
    commit: str | None
    submitted_at: datetime


@dataclass(eq=False, kw_only=True, slots=True)
class Thread:
    """A conversation at a line of a file. `line` is None once it is outdated, as at GitHub."""

    item: "Item"
    node_id: str
    path: str
    original_line: int
    start_line: int | None
    diff_hunk: str
    line: int | None
    outdated: bool = False
    resolved_by: Account | None = None
    resolved: bool = False
    comments: list["InlineComment"] = field(default_factory=list["InlineComment"])


@dataclass(eq=False, kw_only=True, slots=True)
class InlineComment(Entry):
    """A comment in a thread, given with a review."""

    thread: Thread
    review: Review
    reply_to: "InlineComment | None" = None
    commit: str = ""


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file that a pull request changes. `previous_path` is where it was renamed from."""

    path: str
    additions: int = 1
    deletions: int = 0
    change: ChangeType = "MODIFIED"
    previous_path: str | None = None
    patch: str | None = None
    blob: str | None = None


@dataclass(frozen=True, slots=True)
class PullCommit:
    """A commit of a pull request. The repository need not hold it."""

    oid: str
    message: str
    author_name: str
    author_email: str
    committed_at: datetime


@dataclass(eq=False, kw_only=True, slots=True)
class Pull:
    """What a pull request has that an issue has not.

    `inline_at` is when an inline reply last touched it: /pulls shows that, /issues does not.
    """

    head: str
    base: str
    head_oid: str
    base_oid: str
    files: list[ChangedFile]
    commits: list[PullCommit]
    node_ids: list[str]
    draft: bool = False
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge_oid: str | None = None
    inline_at: datetime | None = None
    reviews: list[Review] = field(default_factory=list[Review])
    threads: list[Thread] = field(default_factory=list[Thread])
    closes: set[int] = field(default_factory=set[int])


@dataclass(eq=False, kw_only=True, slots=True)
class Item(Entry):
    """An issue, or with `pull` a pull request."""

    repository: int
    number: int
    title: str
    pull: Pull | None = None
    issue_id: int = 0
    state_reason: StateReason | None = None
    closed_at: datetime | None = None
    closed_by: Account | None = None
    locked: bool = False
    lock_reason: LockReason | None = None
    labels: list[Label] = field(default_factory=list[Label])
    assignees: list[Account] = field(default_factory=list[Account])
    milestone: Milestone | None = None
    comments: list[Comment] = field(default_factory=list[Comment])

    @property
    def state(self) -> Literal["OPEN", "CLOSED", "MERGED"]:
        """As GraphQL names it."""
        if self.pull is not None and self.pull.merged_at is not None:
            return "MERGED"
        return "OPEN" if self.closed_at is None else "CLOSED"

    @property
    def touched_at(self) -> datetime:
        """`updatedAt` of GraphQL and of /pulls; /issues shows `updated_at`."""
        inline = None if self.pull is None else self.pull.inline_at
        return self.updated_at if inline is None else max(self.updated_at, inline)


@dataclass(frozen=True, slots=True)
class Inline:
    """A new inline comment that a review begins a thread with."""

    path: str
    line: int
    body: str
    diff_hunk: str = "@@ -1 +1 @@"
    start_line: int | None = None
