"""The calls that files by API need, named after GitHub's endpoints."""

import base64
import binascii
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

from sync_assets.connectors.github.files.trees import TreeAnswer
from sync_assets.errors import SourceGone, UnexpectedPayload
from sync_assets.git.errors import RefMissing
from sync_assets.git.repository import HEAD
from sync_assets.http.payload import parsed

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA = "application/vnd.github.sha"
_RAW = "application/vnd.github.raw"
_ARCHIVE_SECONDS = 300
CONTENTS_BYTES = 1_000_000
"""Larger contents come without the JSON around them."""
BLOB_BYTES = 100_000_000
"""Larger ones the API does not serve at all."""


class _Content(BaseModel):
    content: str
    encoding: str


_CONTENT: TypeAdapter[_Content] = TypeAdapter(_Content)
_TREE: TypeAdapter[TreeAnswer] = TypeAdapter(TreeAnswer)


@dataclass(frozen=True, slots=True)
class GitDataClient:
    """One repository `owner/name` by REST. Errors are SourceError."""

    client: httpx.Client
    repository: str

    def commit(self, ref: str, known: str | None) -> str | None:
        """What a ref (`HEAD`, `heads/...`) names; `known` costs nothing where it still does.

        None: the repository has no commit. RefMissing: it has, but not this ref.
        https://docs.github.com/rest/commits/commits#get-a-commit
        """
        headers = {"accept": _SHA}
        if known is not None:
            headers["if-none-match"] = f'"{known}"'
        answer = self.client.get(
            self._path(f"commits/{quote(ref)}"),
            headers=headers,
            extensions={"accept": (304, 404, 409, 422)},
        )
        match answer.status_code:
            case HTTPStatus.NOT_MODIFIED:
                return known
            case HTTPStatus.CONFLICT:
                return None
            case HTTPStatus.UNPROCESSABLE_ENTITY:
                raise RefMissing(f"{self.repository}: {_missing(ref)}")
            case HTTPStatus.NOT_FOUND:
                raise SourceGone(f"{self.repository}: not found, or no access with this token")
            case _:
                commit = answer.text.strip()
        if not _COMMIT.fullmatch(commit):
            raise UnexpectedPayload(f"{self.repository}: {ref} names no commit")
        return commit

    def tree(self, tree: str, recursive: bool) -> TreeAnswer:  # noqa: FBT001 - `walk.Ask`
        """A tree, or a commit's. https://docs.github.com/rest/git/trees#get-a-tree."""
        # Any value at all means yes, so that no is said by leaving it out.
        params = {"recursive": "1"} if recursive else {}
        return parsed(self.client.get(self._path(f"git/trees/{tree}"), params=params), _TREE)

    def blob(self, oid: str) -> bytes:
        """A blob's bytes. https://docs.github.com/rest/git/blobs#get-a-blob."""
        return self.client.get(self._path(f"git/blobs/{oid}"), headers={"accept": _RAW}).content

    def content(self, path: str, commit: str, size: int | None) -> bytes:
        """A file's bytes. https://docs.github.com/rest/repos/contents#get-repository-content."""
        place, params = self._path(f"contents/{quote(path)}"), {"ref": commit}
        if size is None or size > CONTENTS_BYTES:
            return self.client.get(place, params=params, headers={"accept": _RAW}).content
        answer = parsed(self.client.get(place, params=params), _CONTENT)
        if answer.encoding != "base64":
            raise UnexpectedPayload(f"{self.repository}: {path!r} came as {answer.encoding!r}")
        try:
            return base64.b64decode(answer.content)
        except binascii.Error:
            raise UnexpectedPayload(f"{self.repository}: {path!r} is not base64") from None

    @contextmanager
    def archive(self, commit: str) -> Generator[httpx.Response]:
        """All files as one tar.gz, whose body is yet to be read, from the host that we are led to.

        https://docs.github.com/rest/repos/contents#download-a-repository-archive-tar
        """
        with self.client.stream(
            "GET",
            self._path(f"tarball/{commit}"),
            headers={"accept": "*/*"},
            timeout=_ARCHIVE_SECONDS,
            extensions={"stream": True},
        ) as answer:
            yield answer

    def _path(self, rest: str) -> str:
        return f"repos/{self.repository}/{rest}"


def _missing(ref: str) -> str:
    if ref == HEAD:
        return "its default branch does not exist: set one"
    return f"there is no branch {ref.removeprefix('heads/')!r}"
