"""Git objects as GraphQL shows them."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sync_assets.sandbox.github.connections import Connection, position_after, position_cursor
from sync_assets.sandbox.github.objects import GitObject, Objects
from sync_assets.sandbox.github.records import PullCommit
from sync_assets.sandbox.repositories import Repository, git_environment

_BINARY_PROBE_BYTES = 8000


@dataclass(frozen=True, slots=True)
class View:
    """An object of a repository. `text_bytes`: where GitHub cuts a text (observed)."""

    repository: Repository
    git: GitObject
    text_bytes: int

    @property
    def oid(self) -> str:
        """Its id."""
        return self.git.oid

    @property
    def binary(self) -> bool:
        """As git tells text from other content."""
        return b"\0" in self.git.data[:_BINARY_PROBE_BYTES]

    @property
    def truncated(self) -> bool:
        """Whether `text` is not all of it."""
        return not self.binary and len(self.git.data) > self.text_bytes

    @property
    def text(self) -> str | None:
        """None for binary content; a character that the cut would halve is left out."""
        if self.binary:
            return None
        if self.truncated:
            return self.git.data[: self.text_bytes].decode(errors="ignore")
        return self.git.data.decode(errors="replace")

    @property
    def message(self) -> str:
        """A commit's message."""
        return self.git.data.partition(b"\n\n")[2].decode(errors="replace").rstrip("\n")

    def header(self, name: str) -> str:
        """A line of a commit's head: `tree`, `author`, `committer`."""
        head = self.git.data.partition(b"\n\n")[0].decode(errors="replace")
        lines = (line.partition(" ") for line in head.split("\n"))
        return next(value for key, _, value in lines if key == name)

    def signature(self, name: str) -> "Signature":
        """A commit's author or committer."""
        who, _, seconds = self.header(name).rpartition(" ")[0].rpartition(" ")
        person, _, address = who.partition(" <")
        return Signature(person, address.rstrip(">"), datetime.fromtimestamp(int(seconds), UTC))


@dataclass(frozen=True, slots=True)
class Signature:
    """Who, and when."""

    name: str
    email: str
    at: datetime


@dataclass(frozen=True, slots=True)
class BranchView:
    """A branch."""

    repository: Repository
    name: str


def recorded_commit(repository: Repository, commit: PullCommit) -> View:
    """A commit that the tracker knows and git does not, in git's own form."""
    who = (
        f"{commit.author_name} <{commit.author_email}> {int(commit.committed_at.timestamp())} +0000"
    )
    text = f"author {who}\ncommitter {who}\n\n{commit.message}\n"
    return View(repository, GitObject(commit.oid, "commit", text.encode()), 0)


def history(objects: Objects, commit: View, arguments: Mapping[str, Any]) -> Connection:
    """The commits that lead to one, newest first; with `path`, those that changed it."""
    start, size = position_after(arguments), arguments.get("first") or 0
    limits = [f"--{name}={arguments[name]}" for name in ("since", "until") if arguments.get(name)]
    path = ["--", arguments["path"]] if arguments.get("path") else []
    page = [f"--skip={start}", f"--max-count={size + 1}"]
    oids = _rev_list(commit, [*limits, *page, commit.oid, *path]).split()
    found = [objects.read(commit.repository, oid) for oid in oids[:size]]
    return Connection(
        [View(commit.repository, each, commit.text_bytes) for each in found if each],
        [position_cursor(start + n) for n in range(len(found))],
        has_next=len(oids) > size,
        has_previous=start > 0,
        total=lambda: int(_rev_list(commit, [*limits, "--count", commit.oid, *path])),
    )


def _rev_list(commit: View, arguments: list[str]) -> str:
    return subprocess.run(
        ["git", "--literal-pathspecs", "rev-list", *arguments],
        cwd=commit.repository.path,
        capture_output=True,
        env=git_environment(),
        check=True,
        text=True,
    ).stdout
