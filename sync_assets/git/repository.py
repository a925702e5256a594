"""One remote repository through one kept cache: START HERE.

A cache is filled with one filter for all its life, so that absence means something:
`blob:limit` holds every blob of each of its commits but the too large ones, `blob:none` holds
trees, and the blobs that were asked for by name.
"""

import hashlib
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from sync_assets.git.blobs import BlobReaders
from sync_assets.git.cache import Cache
from sync_assets.git.command import Git
from sync_assets.git.connection import Connection
from sync_assets.git.environment import BLOB_NONE, REMOTE, Token
from sync_assets.git.errors import (
    CommitGone,
    CorruptCache,
    DamagedSource,
    RefMissing,
    Unrecognised,
)
from sync_assets.git.lock import storing
from sync_assets.git.objects import Blob, TreeEntry, object_format, parse_tree

HEAD: Final = "HEAD"
_MISSING = "missing"
_BRANCHES = "refs/heads/"
_FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head")


class ResolvedRef(NamedTuple):
    """What a ref names: `name` is the branch behind `HEAD`, where the server says it."""

    name: str
    commit: str


def blob_limit(max_bytes: int) -> str:
    """The filter that leaves out blobs of more than `max_bytes`."""
    return f"blob:limit={max_bytes + 1}"


def cache_directory(home: Path, url: str, blob_filter: str) -> Path:
    """Where the cache of a URL and filter is kept; sources that share both share it."""
    name = hashlib.blake2b(f"{blob_filter}\n{url}".encode(), digest_size=16).hexdigest()
    return home / "git" / name


class GitRepository:
    """A repository by URL or absolute path. Safe from several threads and processes at once.

    Errors are SourceError, StoreUnavailable, and InvalidSettings where git is not installed.
    """

    def __init__(
        self,
        url: str,
        directory: Path,
        *,
        blob_filter: str,
        token: Token | None,
        timeout_seconds: float,
    ) -> None:
        self._url = url
        self._token = token
        self._filter = blob_filter
        self._git = Git(directory, url, timeout_seconds)
        self._cache = Cache(directory, timeout_seconds)
        self._readers = BlobReaders(self._git, self._cache.identity)

    def close(self) -> None:
        """End the processes that were kept for reading."""
        self._readers.close()

    def cached(self) -> bool:
        """Whether something was fetched before."""
        return self._cache.filled()

    def connection(self) -> closing[Connection]:
        """A way to the server, for a `with` block; nothing is asked yet."""
        # What is asked of the server needs no repository, and no damaged one may be in the way.
        nowhere = replace(self._git, directory=self._git.directory.with_suffix(".none"))
        return closing(Connection(self._url, self._token, nowhere))

    def resolve(self, ref: str, connection: Connection) -> ResolvedRef | None:
        """What a ref (`HEAD`, `refs/heads/...`) names now, in two requests.

        None: the repository has no commit. RefMissing: it has, but not this ref.
        """
        self._cache.touch()
        with storing(self._git.directory.parent):
            for name, oid, target in connection.refs(ref):
                if name == ref:
                    return ResolvedRef(target or name, oid)
        if not connection.refs(_BRANCHES):
            return None
        if ref == HEAD:
            raise RefMissing(f"{self._url}: its default branch does not exist: set one")
        raise RefMissing(f"{self._url}: there is no branch {ref.removeprefix(_BRANCHES)!r}")

    def obtain(self, ref: str, commit: str, connection: Connection) -> None:
        """Bring a commit into the cache, in one request; in none where it is there.

        `ref` is what it was resolved from: its last commit there makes the fetch a small delta.
        CommitGone: the server has it no more.
        """
        if not self._has(commit):
            wanted = ("--depth=1", REMOTE, f"+{commit}:{_kept(ref)}")
            self._fetch(connection, commit, self._filter, *_FETCH, *wanted)

    @contextmanager
    def steady(self) -> Generator[None]:
        """Read one and the same cache in a `with` block; CorruptCache if it was replaced."""
        before = self._cache.identity()
        yield
        if self._cache.identity() != before:
            raise CorruptCache(f"{self._url}: the cache was made anew meanwhile")

    def tree(self, commit: str) -> list[TreeEntry]:
        """All entries below a commit's tree, read offline. CorruptCache: discard and obtain."""
        return list(parse_tree(self._git.read("ls-tree", "-r", "-z", "--full-tree", commit)))

    def sizes(self, oids: Iterable[str]) -> dict[str, int]:
        """Bytes of each blob that the cache has, read offline."""
        asked = "".join(f"{oid}\n" for oid in oids).encode()
        form = "--batch-check=%(objectname) %(objectsize)"  # the type would cost a third more
        answer = self._git.read("cat-file", form, "--buffer", data=asked).decode()
        found = (line.partition(" ") for line in answer.splitlines())
        return {oid: int(size) for oid, _, size in found if size != _MISSING}

    def fetch_blobs(self, oids: Sequence[str], connection: Connection) -> None:
        """Bring blobs by their names, in one request where all of them can be had.

        What the server cannot give is left out: a damaged blob there costs itself alone.
        """
        if not oids:
            return
        data = "".join(f"{oid}\n" for oid in oids).encode()
        noop = ("-c", "fetch.negotiationAlgorithm=noop")
        try:
            arguments = (*noop, *_FETCH, "--stdin", REMOTE)
            self._fetch(connection, oids[0], BLOB_NONE, *arguments, data=data)
        except (DamagedSource, CommitGone):
            if len(oids) > 1:
                middle = len(oids) // 2
                self.fetch_blobs(oids[:middle], connection)
                self.fetch_blobs(oids[middle:], connection)

    def read(self, oids: Iterable[str], limit: int) -> Iterator[Blob]:
        """Every blob once, in any order, its content (up to `limit` bytes) checked by its hash.

        What the cache lacks or holds damaged is fetched, once and in one request.
        """
        left = dict.fromkeys(oids)
        yield from self._read_cached(left, limit)
        if left:
            with self.connection() as connection:
                self.fetch_blobs(list(left), connection)
            yield from self._read_cached(left, limit)
        for oid in left:
            yield Blob(oid, None, None)

    def discard(self) -> None:
        """Give up the cache: what is asked for next is fetched anew."""
        with self._cache.locked():
            self._cache.discard()

    def _read_cached(self, left: dict[str, None], limit: int) -> Iterator[Blob]:
        """Yield what the cache has and take it out of `left`; a damaged cache is discarded."""
        cache = self._cache.identity()
        if cache is None:
            return
        try:
            for blob in self._readers.read(list(left), limit):
                del left[blob.oid]
                yield blob
        except CorruptCache:
            with self._cache.locked():
                if self._cache.identity() == cache:
                    self._cache.discard()

    def _has(self, commit: str) -> bool:
        """Whether a commit and all that belongs to it by our filter is in the cache."""
        if not self._cache.whole(object_format(commit)):
            return False
        try:
            return commit in self.sizes([commit])
        except CorruptCache:
            return False

    def _fetch(
        self,
        connection: Connection,
        oid: str,
        blob_filter: str,
        *arguments: str,
        data: bytes = b"",
    ) -> None:
        """Fetch with the lock held; a cache that is or proves unusable is made anew, once."""

        def fetch() -> None:
            connection.fetch(self._git, blob_filter, *arguments, data=data, keep_open=[lock])
            self._cache.record()

        ids = object_format(oid)
        with self._cache.locked() as lock:
            if self._cache.whole(ids) and not self._cache.outgrown():
                self._cache.clear_leftovers()
            else:
                self._create(ids)
            try:
                fetch()
            except (CorruptCache, Unrecognised):
                self._create(ids)
                fetch()

    def _create(self, ids: str) -> None:
        """An empty cache in the place of what was there."""
        self._cache.discard()
        self._cache.remove_unused_neighbours(time.time())
        self._cache.directory.mkdir(mode=0o700)
        self._git.read("init", "--quiet", "--bare", "--template=", f"--object-format={ids}")
        self._cache.begin(ids)


def _kept(ref: str) -> str:
    """Where the cache keeps a ref's last commit, from which the next fetch is a delta.

    A digest, since `a` and `a/b` could not stand side by side when one has replaced the other.
    """
    return f"refs/sync/{hashlib.blake2b(ref.encode(), digest_size=8).hexdigest()}"
