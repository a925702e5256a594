"""Bare git repositories on disk, and the script that changes them: no work tree is involved.

Commit ids are reproducible: author, committer and time are given, never taken from the machine.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from sync_assets.sandbox.fast_import import GitPath, commit_stream, quoted
from sync_assets.sandbox.news import (
    RefMoved,
    RepositoryAction,
    RepositoryChanged,
    RepositoryNews,
    Watcher,
)

AUTHOR = "Sandbox <sandbox@example.com>"
DEFAULT_BRANCH = "main"
_NAME = re.compile(r"[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]*[A-Za-z0-9_-]")
_PRIVATE_MARKER = "sandbox-private"
_ARCHIVED_MARKER = "sandbox-archived"
_NUMBER = "sandbox-number"
_MOVED = ".moved"


@dataclass(frozen=True, slots=True)
class Executable:
    """A file with mode 100755."""

    data: bytes | str


@dataclass(frozen=True, slots=True)
class Symlink:
    """A symbolic link; `target` is stored as it is."""

    target: bytes | str


@dataclass(frozen=True, slots=True)
class Submodule:
    """A gitlink: an entry that names a commit of another repository (40 hex digits)."""

    commit: str


Content = bytes | str | Executable | Symlink | Submodule | None
"""What a path holds after a commit; None removes it (a folder: with all below it)."""


def git_environment(config: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of every git process here: this machine's git configuration is left out."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}
    settings = {"core.fsync": "none", "gc.auto": "0"} | dict(config or {})
    environment["GIT_CONFIG_COUNT"] = str(len(settings))
    for position, (key, value) in enumerate(settings.items()):
        environment[f"GIT_CONFIG_KEY_{position}"] = key
        environment[f"GIT_CONFIG_VALUE_{position}"] = value
    return environment


def file_changes(files: Mapping[str, Content] | Mapping[bytes, Content]) -> bytes:
    """The `M` and `D` lines of a commit."""
    return b"".join(_file_change(path, content) for path, content in files.items())


def _file_change(path: GitPath, content: Content) -> bytes:
    match content:
        case None:
            return b"D " + quoted(path) + b"\n"
        case Submodule(commit):
            return f"M 160000 {commit} ".encode() + quoted(path) + b"\n"
        case Symlink(target):
            mode, text = b"120000", target
        case Executable(data):
            mode, text = b"100755", data
        case _:
            mode, text = b"100644", content
    data = text.encode() if isinstance(text, str) else text
    return b"M %b inline %b\ndata %d\n%b\n" % (mode, quoted(path), len(data), data)


@dataclass(frozen=True, slots=True)
class Repository:
    """One bare repository. Where a branch may be left out, it is the default branch."""

    name: str
    path: Path
    clock: Callable[[], datetime]
    watchers: list[Watcher] = field(default_factory=list[Watcher], compare=False, repr=False)

    @property
    def private(self) -> bool:
        """Whether reading it needs a token."""
        return (self.path / _PRIVATE_MARKER).exists()

    def set_private(self, *, private: bool) -> None:
        """Hide it from those whose token does not read it, or show it to all."""
        if private != self.private:
            self._mark(_PRIVATE_MARKER, present=private)
            self.tell("privatized" if private else "publicized")

    @property
    def archived(self) -> bool:
        """Whether it is shown as read-only; the sandbox's script may change it all the same."""
        return (self.path / _ARCHIVED_MARKER).exists()

    def archive(self) -> None:
        """Show it as archived."""
        self._mark(_ARCHIVED_MARKER, present=True)
        self.tell("archived")

    def unarchive(self) -> None:
        """Show it as one that is worked on."""
        self._mark(_ARCHIVED_MARKER, present=False)
        self.tell("unarchived")

    @property
    def number(self) -> int:
        """The immutable id, which survives a rename."""
        return int((self.path / _NUMBER).read_text())

    @property
    def default_branch(self) -> str:
        """The branch that HEAD names, whether or not it has commits."""
        return (self.path / "HEAD").read_text().strip().removeprefix("ref: refs/heads/")

    @property
    def empty(self) -> bool:
        """Whether no branch has a commit."""
        return not self._git("for-each-ref", "--count=1", "refs/heads")

    def head(self, branch: str | None = None) -> str | None:
        """The commit of a branch; None when it has none."""
        ref = f"refs/heads/{branch or self.default_branch}"
        return self._git("for-each-ref", "--format=%(objectname)", ref).decode().strip() or None

    def commit(
        self,
        files: Mapping[str, Content] | Mapping[bytes, Content],
        message: str = "Change files",
        *,
        branch: str | None = None,
        author: str = AUTHOR,
        at: datetime | None = None,
    ) -> str:
        """Commit changes on top of a branch, which begins here if it is new. Returns its id."""
        return self._commit(file_changes(files), message, branch=branch, author=author, at=at)

    def rename(
        self,
        old: GitPath,
        new: GitPath,
        message: str = "Rename",
        *,
        branch: str | None = None,
        author: str = AUTHOR,
        at: datetime | None = None,
    ) -> str:
        """Commit the move of a file or a whole folder. Returns the commit's id."""
        change = b"R %b %b\n" % (quoted(old), quoted(new))
        return self._commit(change, message, branch=branch, author=author, at=at)

    def chmod(self, path: str, *, executable: bool, branch: str | None = None) -> str:
        """Commit another mode for the same content. Returns the commit's id."""
        ref = f"refs/heads/{branch or self.default_branch}"
        blob = self._git("rev-parse", "--verify", f"{ref}:{path}").decode().strip()
        mode = "100755" if executable else "100644"
        change = f"M {mode} {blob} ".encode() + quoted(path) + b"\n"
        return self._commit(change, f"Change the mode of {path}", branch=branch)

    def force_push(
        self,
        branch: str,
        files: Mapping[str, Content] | Mapping[bytes, Content],
        message: str = "Rewrite history",
    ) -> str:
        """Replace a branch by one commit with an unrelated history. Returns the commit's id."""
        before = self.head(branch)
        stream = commit_stream(
            branch, file_changes(files), message, author=AUTHOR, at=self.clock(), parent=None
        )
        return self._moved(branch, before, self._import(stream, force=True))

    def create_branch(self, branch: str, at: str | None = None) -> str:
        """A new branch at a commit (default: the default branch's). Returns the commit's id."""
        commit = at or self._existing_head()
        self._git("update-ref", f"refs/heads/{branch}", commit, "0" * 40)
        return self._moved(branch, None, commit)

    def move_branch(self, branch: str, commit: str) -> None:
        """Let an existing branch point at any commit: a force-push of what is there already."""
        before = self.head(branch)
        self._git("update-ref", f"refs/heads/{branch}", commit)
        self._moved(branch, before, commit)

    def delete_branch(self, branch: str) -> None:
        """Remove a branch; its objects stay, as at a real host."""
        before = self.head(branch)
        self._git("update-ref", "-d", f"refs/heads/{branch}")
        self._tell(RefMoved(self.number, branch, before, None))

    def switch_default_branch(self, branch: str) -> None:
        """Let HEAD name another branch."""
        before = self.default_branch
        self._git("symbolic-ref", "HEAD", f"refs/heads/{branch}")
        self.tell("edited", before)

    def tell(self, action: RepositoryAction, former: str | None = None) -> None:
        """Those who watch hear that the repository itself changed."""
        self._tell(RepositoryChanged(self.number, self.name, self.path, action, former))

    def _moved(self, branch: str, before: str | None, after: str) -> str:
        self._tell(RefMoved(self.number, branch, before, after))
        return after

    def _mark(self, marker: str, *, present: bool) -> None:
        place = self.path / marker
        place.touch() if present else place.unlink(missing_ok=True)

    def _tell(self, news: RepositoryNews) -> None:
        for watcher in self.watchers:
            watcher(news)

    def _existing_head(self) -> str:
        commit = self.head()
        if commit is None:
            raise LookupError(f"{self.name}: {self.default_branch} has no commit yet")
        return commit

    def _commit(
        self,
        changes: bytes,
        message: str,
        *,
        branch: str | None,
        author: str = AUTHOR,
        at: datetime | None = None,
    ) -> str:
        name = branch or self.default_branch
        before = self.head(name)
        stream = commit_stream(
            name, changes, message, author=author, at=at or self.clock(), parent=before
        )
        return self._moved(name, before, self._import(stream))

    def _import(self, stream: bytes, *, force: bool = False) -> str:
        options = ("--force",) if force else ()
        command = ("fast-import", "--quiet", "--done", *options)
        return self._git(*command, data=stream).decode().strip()

    def _git(self, *arguments: str, data: bytes = b"") -> bytes:
        return _git("--git-dir", str(self.path), *arguments, data=data)


@dataclass(frozen=True, slots=True)
class Repositories:
    """All repositories of one sandbox: `root/owner/name.git`."""

    root: Path
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    watchers: list[Watcher] = field(default_factory=list[Watcher], compare=False, repr=False)

    def create(
        self, name: str, *, private: bool = False, default_branch: str = DEFAULT_BRANCH
    ) -> Repository:
        """A new, empty repository `owner/name`."""
        repository = self._at(name)
        if repository.path.exists():
            raise FileExistsError(f"{name} exists")
        branch = f"--initial-branch={default_branch}"
        _git("init", "--bare", "--quiet", "--template=", branch, str(repository.path))
        if private:
            (repository.path / _PRIVATE_MARKER).touch()
        (repository.path / _NUMBER).write_text(str(1 + max(self._numbers(), default=0)))
        self._moved(name).unlink(missing_ok=True)
        return repository

    def get(self, name: str) -> Repository:
        """An existing repository; LookupError if there is none."""
        repository = self.find(name)
        if repository is None:
            raise LookupError(f"no repository {name}")
        return repository

    def find(self, name: str) -> Repository | None:
        """An existing repository, or None, also for what is no name at all."""
        if not _NAME.fullmatch(name):
            return None
        repository = self._at(name)
        return repository if repository.path.is_dir() else None

    def all(self) -> list[Repository]:
        """Every repository, in the order of creation."""
        numbers = sorted(self._numbers())
        return [found for number in numbers if (found := self.numbered(number)) is not None]

    def moved(self, name: str) -> Repository | None:
        """The repository that had this name before it was renamed, if no other took the name."""
        if not _NAME.fullmatch(name) or not self._moved(name).exists():
            return None
        return self.numbered(int(self._moved(name).read_text()))

    def numbered(self, number: int) -> Repository | None:
        """The repository with that immutable id."""
        path = self._numbers().get(number)
        if path is None:
            return None
        return self._at(f"{path.parent.name}/{path.name.removesuffix('.git')}")

    def rename(self, old: str, new: str) -> Repository:
        """Give a repository another `owner/name`; the API redirects from the old one.

        Another owner is a transfer, which keeps the name: where both change, it is renamed first.
        """
        (owner, _, name), (new_owner, _, new_name) = old.partition("/"), new.partition("/")
        if owner != new_owner and name != new_name:
            return self.rename(self.rename(old, f"{owner}/{new_name}").name, new)
        repository, target = self.get(old), self._at(new)
        target.path.parent.mkdir(parents=True, exist_ok=True)
        repository.path.rename(target.path)
        self._moved(old).write_text(str(target.number))
        self._moved(new).unlink(missing_ok=True)
        renamed = replace(repository, name=new, path=target.path)
        moved = owner == new_owner
        renamed.tell("renamed" if moved else "transferred", name if moved else owner)
        return renamed

    def delete(self, name: str) -> None:
        """Remove a repository and all of its objects."""
        repository = self.get(name)
        grave = repository.path.with_suffix(".deleted")
        repository.path.rename(
            grave
        )  # whoever is told finds it gone, and can still say what it was
        replace(repository, path=grave).tell("deleted")
        shutil.rmtree(grave)

    def _numbers(self) -> dict[int, Path]:
        found = self.root.glob(f"*/*.git/{_NUMBER}")
        return {int(marker.read_text()): marker.parent for marker in found}

    def _moved(self, name: str) -> Path:
        return self.root / f"{name}{_MOVED}"

    def _at(self, name: str) -> Repository:
        if not _NAME.fullmatch(name):
            raise ValueError(f"a repository is named owner/name, not {name!r}")
        return Repository(name, self.root / f"{name}.git", self.clock, self.watchers)


def _git(*arguments: str, data: bytes = b"") -> bytes:
    done = subprocess.run(
        ["git", *arguments], input=data, capture_output=True, env=git_environment(), check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
    return done.stdout
