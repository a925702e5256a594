"""Trees as GitHub's API lists them, and the hashes that prove them: pure.

A tree's id is the hash of its entries. So a listing whose sub-trees hash to the ids that it gives
them is whole and undamaged; and files that were listed earlier name every sub-tree that is still
the same.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from pydantic import BaseModel

from sync_assets.errors import UnexpectedPayload
from sync_assets.git.objects import TreeEntry

_FOLDER = "040000"
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_SPOILED = "\N{REPLACEMENT CHARACTER}"


class TreeItem(BaseModel):
    """One entry of a tree; `path` begins at the tree that was asked for."""

    path: str
    mode: str
    type: Literal["blob", "tree", "commit"]
    sha: str
    size: int | None = None


class TreeAnswer(BaseModel):
    """https://docs.github.com/rest/git/trees#get-a-tree."""

    tree: list[TreeItem]
    truncated: bool


class SizedFile(NamedTuple):
    """A file, link or submodule by its path; only blobs have a size."""

    mode: str
    oid: str
    size: int | None
    path: str


class Span(NamedTuple):
    """A folder's files within a listing, and the id of its tree."""

    folder: str
    tree: str
    start: int
    end: int


@dataclass(slots=True)
class _Folder:
    path: str
    start: int
    rows: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])
    """Each with the key that git sorts it by."""

    def add(self, mode: str, name: str, oid: str) -> None:
        folder = mode == _FOLDER
        data = name.encode()
        row = mode.lstrip("0").encode() + b" " + data + b"\0" + bytes.fromhex(oid)
        self.rows.append((data + b"/" if folder else data, row))

    def tree(self) -> str:
        body = b"".join(row for _, row in sorted(self.rows))
        return hashlib.sha1(b"tree %d\0" % len(body) + body).hexdigest()  # noqa: S324 - git's hash


def folders(files: Sequence[SizedFile]) -> Iterator[Span]:
    """Every folder of a listing in git's order, the root last.

    https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    """
    stack = [_Folder("", 0)]

    def close(end: int) -> Span:
        done = stack.pop()
        tree = done.tree()
        if stack:
            stack[-1].add(_FOLDER, done.path.rpartition("/")[2], tree)
        return Span(done.path, tree, done.start, end)

    for position, file in enumerate(files):
        folder, _, name = file.path.rpartition("/")
        while not _holds(stack[-1].path, folder):
            yield close(position)
        while stack[-1].path != folder:
            above = stack[-1].path
            rest = folder[len(above) :].lstrip("/")
            step = rest.partition("/")[0]
            stack.append(_Folder(f"{above}/{step}" if above else step, position))
        stack[-1].add(file.mode, name, file.oid)
    while stack:
        yield close(len(files))


def whole_tree(tree: str, items: Sequence[TreeItem]) -> list[SizedFile]:
    """The files of a recursive listing, proven. Raises UnexpectedPayload where it does not fit.

    `tree` may be a commit's id: what then proves the listing are its sub-trees.
    """
    files = [
        SizedFile(item.mode, item.sha, item.size, item.path)
        for item in items
        if item.type != "tree" or item.sha == _EMPTY_TREE
    ]
    files.sort(key=lambda file: file.path)  # git's order, where the server has another
    claimed = {item.path: item.sha for item in items if item.type == "tree"}
    spoiled = {folder for item in items if _SPOILED in item.path for folder in _above(item.path)}
    made = {span.folder: span.tree for span in folders(files)}
    for folder, oid in claimed.items():
        if folder not in spoiled and made.get(folder, _EMPTY_TREE) != oid:
            raise UnexpectedPayload(f"tree {tree}: the files below {folder!r} do not hash to {oid}")
    return files


def one_level(tree: str, items: Sequence[TreeItem]) -> Sequence[TreeItem]:
    """One level of the tree with that id, proven. Raises UnexpectedPayload where it is another."""
    made = _Folder("", 0)
    for item in items:
        made.add(item.mode, item.path, item.sha)
    if made.tree() != tree and not any(_SPOILED in item.path for item in items):
        raise UnexpectedPayload(f"tree {tree}: what is listed does not hash to it")
    return items


def as_entries(files: Sequence[SizedFile]) -> list[TreeEntry]:
    """As git lists them. JSON spoils names that are not UTF-8: these get one that is not either,
    so that they are listed with the reason why they are not searchable.
    """
    spoiled: dict[str, int] = {}
    entries: list[TreeEntry] = []
    for file in files:
        path = file.path.encode()
        if _SPOILED in file.path:
            spoiled[file.path] = spoiled.get(file.path, 0) + 1
            path = path.replace(_SPOILED.encode(), b"\xff" * spoiled[file.path])
        if file.mode != _FOLDER:
            entries.append(TreeEntry(file.mode, file.oid, path))
    return entries


def _holds(folder: str, other: str) -> bool:
    return not folder or other == folder or other.startswith(f"{folder}/")


def _above(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]
