"""A tracker whose pull requests are the commits that a repository has."""

import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import dedent

from sync_assets.errors import InvalidSettings
from sync_assets.sandbox.github.items import pull_of
from sync_assets.sandbox.github.records import (
    ChangedFile,
    Inline,
    Item,
    PullCommit,
    ReviewState,
    Thread,
)
from sync_assets.sandbox.github.tracker import Tracker
from sync_assets.sandbox.repositories import Repository, git_environment


@dataclass(frozen=True, slots=True)
class Merged:
    """A commit of the repository, and what it changed."""

    commit: PullCommit
    parent: str
    files: tuple[ChangedFile, ...]

    @property
    def message(self) -> str:
        """Its first line."""
        return self.commit.message


@dataclass(frozen=True, slots=True)
class Story:
    """What people do with the tracker; texts may be indented. `merged`: commits by message."""

    tracker: Tracker
    merged: Mapping[str, Merged]

    def issue(
        self, title: str, body: str, author: str, at: datetime, labels: Iterable[str] = ()
    ) -> Item:
        """A new issue."""
        return self.tracker.open_issue(title, dedent(body), author=author, labels=labels, at=at)

    def pull(self, message: str, title: str, body: str, author: str, at: datetime) -> Item:
        """A pull request of the one commit that has this message; InvalidSettings without it."""
        merged = self.merged.get(message)
        if merged is None:
            raise InvalidSettings(
                f"The demo's repository has lost its commit {message!r}: delete its folder, and it"
                " is made again"
            )
        return self.tracker.open_pull(
            title,
            dedent(body),
            author=author,
            files=merged.files,
            commits=[merged.commit],
            head=title.lower().replace(",", "").replace(" ", "-"),
            base_oid=merged.parent,
            at=at,
        )

    def say(self, item: Item, author: str, body: str, at: datetime) -> None:
        """A new comment."""
        self.tracker.comment(item.number, dedent(body), author=author, at=at)

    def review(
        self,
        item: Item,
        author: str,
        body: str,
        at: datetime,
        state: ReviewState = "APPROVED",
        *,
        inline: Inline | None = None,
    ) -> Thread | None:
        """A review; the thread that it begins, if it does."""
        begun = [] if inline is None else [inline]
        self.tracker.review(item.number, body, state=state, author=author, inline=begun, at=at)
        return pull_of(item).threads[-1] if begun else None

    def answer(self, thread: Thread | None, author: str, body: str, at: datetime) -> None:
        """The last word in a thread."""
        if thread is not None:
            self.tracker.reply(thread, body, author=author, at=at)
            self.tracker.resolve(thread, by=author)

    def merge(self, item: Item, by: str) -> None:
        """Merged as it was proposed."""
        (commit,) = pull_of(item).commits
        self.tracker.merge(item.number, by=by, oid=commit.oid, at=commit.committed_at)


def commits_of(repository: Repository) -> Iterator[Merged]:
    """The commits of the default branch, oldest first. A rename is a file less and a file more."""
    fields = "%x1e%H%x1f%P%x1f%s%x1f%an%x1f%ae%x1f%at"
    log = subprocess.run(
        ["git", "log", "--reverse", "--no-renames", "--numstat", f"--format={fields}"],
        cwd=repository.path,
        capture_output=True,
        env=git_environment(),
        check=True,
        text=True,
    ).stdout
    known: set[str] = set()
    for record in log.split("\x1e")[1:]:
        head, _, changed = record.partition("\n")
        oid, parent, message, name, email, seconds = head.split("\x1f")
        files = [_changed(line, known) for line in changed.split("\n") if line]
        known.update(file.path for file in files)
        at = datetime.fromtimestamp(int(seconds), UTC)
        yield Merged(PullCommit(oid, message, name, email, at), parent, tuple(files))


def _changed(line: str, known: set[str]) -> ChangedFile:
    """A line of `--numstat`; what is binary has `-` for numbers."""
    added, deleted, path = line.split("\t")
    more, less = int(added.replace("-", "0")), int(deleted.replace("-", "0"))
    if path not in known:
        return ChangedFile(path, more, less, "ADDED")
    return ChangedFile(path, more, less, "MODIFIED" if more else "DELETED")
