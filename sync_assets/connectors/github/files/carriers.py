"""Ways of a content to us, one file a call: `blobs`, `contents`, `raw`. See also the other two."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import NamedTuple
from urllib.parse import quote

import httpx

from sync_assets.connectors.github.files.client import BLOB_BYTES, GitDataClient
from sync_assets.errors import SourceError, SourceGone, UnexpectedPayload
from sync_assets.git.objects import blob_id

FAN_OUT = 16
"""Calls at once of one session, whatever the number of its batches: GitHub's limit is 100 of a
user in all, and the client keeps a connection for each.
"""


class Wanted(NamedTuple):
    """A blob, and one of the paths that it has in the commit."""

    oid: str
    path: str
    size: int | None


class Carried(NamedTuple):
    """A blob's content, or why it alone could not be had. The content fits its id."""

    oid: str
    data: bytes | None
    error: SourceError | None = None


class Carrier(ABC):
    """One transport. Safe from several threads; end it with `close`."""

    @abstractmethod
    def carry(self, wanted: Sequence[Wanted], commit: str) -> Iterator[Carried]:
        """Each blob once, in any order. Raises where the source as a whole cannot serve."""

    def close(self) -> None:  # noqa: B027 - most keep nothing
        """Give up what was kept for the session."""


class OneByOne(Carrier):
    """A call a file, several at once."""

    def __init__(self, get: Callable[[Wanted, str], bytes], pool: ThreadPoolExecutor) -> None:
        self._get = get
        self._pool = pool

    def carry(self, wanted: Sequence[Wanted], commit: str) -> Iterator[Carried]:
        pending = [self._pool.submit(self._one, each, commit) for each in wanted]
        try:
            for done in as_completed(pending):
                yield done.result()
        finally:
            _give_up(pending)

    def _one(self, wanted: Wanted, commit: str) -> Carried:
        if wanted.size is not None and wanted.size > BLOB_BYTES:
            error = UnexpectedPayload(f"{wanted.path!r}: too large for the API: --transport git")
            return Carried(wanted.oid, None, error)
        try:
            return checked(wanted, self._get(wanted, commit))
        except (SourceGone, UnexpectedPayload) as error:
            return Carried(wanted.oid, None, error)


def blobs(client: GitDataClient, pool: ThreadPoolExecutor) -> Carrier:
    """By blob id, raw."""
    return OneByOne(lambda wanted, _: client.blob(wanted.oid), pool)


def contents(client: GitDataClient, pool: ThreadPoolExecutor) -> Carrier:
    """By path and commit, as JSON up to a megabyte."""
    return OneByOne(lambda wanted, commit: client.content(wanted.path, commit, wanted.size), pool)


def raw(client: httpx.Client, repository: str, pool: ThreadPoolExecutor) -> Carrier:
    """From the raw host, by path and commit: what a branch's address gives may be minutes old."""

    def get(wanted: Wanted, commit: str) -> bytes:
        path = f"{repository}/{commit}/{quote(wanted.path)}"
        return client.get(path, headers={"accept": "*/*"}).content

    return OneByOne(get, pool)


def checked(wanted: Wanted, data: bytes) -> Carried:
    """The content, if it is the one that its id names."""
    if blob_id(data, wanted.oid) == wanted.oid:
        return Carried(wanted.oid, data)
    error = UnexpectedPayload(f"{wanted.path!r}: what came does not hash to {wanted.oid}")
    return Carried(wanted.oid, None, error)


def _give_up(pending: Iterable[Future[Carried]]) -> None:
    for future in pending:
        future.cancel()
