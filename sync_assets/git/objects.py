"""git's objects as values: tree entries, blobs, and the hash that names them."""

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sync_assets.models import SkipReason

SYMLINK, SUBMODULE = "120000", "160000"
_SHA1_DIGITS = 40
_BINARY_WINDOW = 8000
_LFS_PREFIX = b"version https://git-lfs.github.com/spec/v1"


class TreeEntry(NamedTuple):
    """A file, link or submodule of a commit. `mode` is octal, as git prints it."""

    mode: str
    oid: str
    path: bytes


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob that was asked for. No `size`: it cannot be had; no `data`: it is over the limit."""

    oid: str
    size: int | None
    data: bytes | None


def parse_tree(listing: bytes) -> Iterator[TreeEntry]:
    """The entries of `git ls-tree -r -z`."""
    for line in listing.split(b"\0"):
        if line:
            head, _, path = line.partition(b"\t")
            mode, _, oid = head.decode("ascii").split(" ")
            yield TreeEntry(sys.intern(mode), oid, path)


def blob_id(data: bytes, like: str) -> str:
    """The id of a blob with this content, by the hash whose ids are as long as `like`.

    https://git-scm.com/docs/hash-function-transition
    """
    algorithm = hashlib.sha1 if object_format(like) == "sha1" else hashlib.sha256
    return algorithm(b"blob %d\0" % len(data) + data).hexdigest()


def object_format(oid: str) -> str:
    """The name of the hash that made an id: `sha1` or `sha256`."""
    return "sha1" if len(oid) == _SHA1_DIGITS else "sha256"


def unsearchable(data: bytes) -> SkipReason | None:
    """Why a content cannot be searched as text, if it cannot.

    Binary is what git takes for binary: a NUL in the first 8000 bytes; UTF-16 has one, too.
    https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
    """
    if b"\0" in data[:_BINARY_WINDOW]:
        return "binary"
    if data.startswith(_LFS_PREFIX):
        return "lfs_pointer"
    try:
        data.decode()
    except UnicodeDecodeError:
        return "not_utf8"
    return None
