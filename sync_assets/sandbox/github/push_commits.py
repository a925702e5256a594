"""The commits that a push brought, as git tells them."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sync_assets.sandbox.news import RefMoved
from sync_assets.sandbox.repositories import Repository, git_environment

MOST_COMMITS = 2048
"""A payload lists no more."""
_COMMIT, _FIELD = "\x1e", "\x1f"
_FORMAT = _COMMIT + _FIELD.join(("%H", "%T", "%an", "%ae", "%cn", "%ce", "%ct", "%B", ""))


@dataclass(frozen=True, slots=True)
class PushedCommit:
    """`author` and `committer` are names with addresses; paths are those it changed."""

    oid: str
    tree: str
    author: tuple[str, str]
    committer: tuple[str, str]
    at: datetime
    message: str
    added: Sequence[str]
    removed: Sequence[str]
    modified: Sequence[str]


def pushed_commits(repository: Repository, moved: RefMoved) -> list[PushedCommit]:
    """What is new on the branch, the oldest first; none where the branch was deleted."""
    if moved.after is None:
        return []
    known = (
        ["--not", f"--exclude={moved.branch}", "--branches"]
        if moved.before is None
        else ["--not", moved.before]
    )
    command = ["log", "-z", "--reverse", "--name-status", "--no-renames", "--root"]
    limits = [f"--max-count={MOST_COMMITS}", f"--format={_FORMAT}"]
    told = _git(repository, *command, *limits, moved.after, *known)
    return [_commit(part) for part in told.split(_COMMIT)[1:]]


def is_forced(repository: Repository, moved: RefMoved) -> bool:
    """Whether what the branch held is no longer in it."""
    if moved.before is None or moved.after is None:
        return False
    missing = _git(repository, "rev-list", "--max-count=1", moved.before, "--not", moved.after)
    return bool(missing.strip())


def _commit(text: str) -> PushedCommit:
    oid, tree, author, address, committer, its, at, message, rest = text.split(_FIELD, 8)
    tokens = rest.strip("\0\n").split("\0")
    changes = list(zip(tokens[::2], tokens[1::2], strict=False))

    def paths(*kinds: str) -> list[str]:
        return [path for kind, path in changes if kind in kinds]

    return PushedCommit(
        oid,
        tree,
        (author, address),
        (committer, its),
        datetime.fromtimestamp(int(at), UTC),
        message.rstrip("\n"),
        paths("A"),
        paths("D"),
        paths("M", "T"),
    )


def _git(repository: Repository, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "--git-dir", str(repository.path), *arguments],
        capture_output=True,
        env=git_environment(),
        check=True,
    )
    return done.stdout.decode(errors="replace")
