"""Transport `tarball`: one download for all files of a commit."""

import io
import tarfile
import tempfile
import threading
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING, NamedTuple

import httpx

from sync_assets.connectors.github.files.carriers import Carried, Carrier, Wanted, checked
from sync_assets.connectors.github.files.client import GitDataClient
from sync_assets.errors import SourceUnavailable
from sync_assets.git.objects import blob_id

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE_BYTES = 1 << 16


class _Place(NamedTuple):
    start: int
    size: int


class Tarball(Carrier):
    """The archive is streamed once a session, to a file without a name, by blob id.

    An archive is not the tree: `export-ignore` leaves files out and `export-subst` changes them.
    What it lacks comes by `rest`.
    """

    def __init__(self, client: GitDataClient, rest: Carrier, most_bytes: int) -> None:
        self._client = client
        self._rest = rest
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._commit: str | None = None
        self._kept: IO[bytes] | None = None
        self._places: dict[str, _Place] = {}

    def carry(self, wanted: Sequence[Wanted], commit: str) -> Iterator[Carried]:
        lacking: list[Wanted] = []
        for each in wanted:
            data = self._read(each.oid, commit)
            if data is None:
                lacking.append(each)
            else:
                yield checked(each, data)
        if lacking:
            yield from self._rest.carry(lacking, commit)

    def close(self) -> None:
        with self._lock:
            if self._kept is not None:
                self._kept.close()
            self._kept, self._commit, self._places = None, None, {}

    def _read(self, oid: str, commit: str) -> bytes | None:
        with self._lock:
            if self._commit != commit:
                self._download(commit, oid)
            place = self._places.get(oid)
            if place is None or self._kept is None:
                return None
            self._kept.seek(place.start)
            return self._kept.read(place.size)

    def _download(self, commit: str, like: str) -> None:
        if self._kept is not None:
            self._kept.close()
        self._commit, self._places = None, {}
        self._kept = tempfile.TemporaryFile()  # noqa: SIM115 - `close` ends it
        with self._client.archive(commit) as answer:
            try:
                with tarfile.open(
                    fileobj=io.BufferedReader(_Pieces(answer)), mode="r|gz"
                ) as archive:
                    for member in archive:
                        self._keep(archive, member, like)
            except (tarfile.TarError, EOFError, OSError) as error:
                raise SourceUnavailable(f"archive of {commit}: it is damaged: {error}") from None
        self._commit = commit

    def _keep(self, archive: tarfile.TarFile, member: tarfile.TarInfo, like: str) -> None:
        content = archive.extractfile(member) if member.isreg() else None
        if content is None or self._kept is None or member.size > self._most_bytes:
            return
        data = content.read()
        self._places[blob_id(data, like)] = _Place(self._kept.tell(), len(data))
        self._kept.write(data)


class _Pieces(io.RawIOBase):
    """A response as a file to be read once.

    Its raw bytes: the gzip is the archive's own, and no encoding of the transfer.
    """

    def __init__(self, answer: httpx.Response) -> None:
        self._pieces = answer.iter_raw(_PIECE_BYTES)
        self._held = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        space = memoryview(buffer).cast("B")
        if not self._held:
            self._held = next(self._pieces, b"")
        data, self._held = self._held[: len(space)], self._held[len(space) :]
        space[: len(data)] = data
        return len(data)
