"""REST contents: one file or directory by its path.

https://docs.github.com/rest/repos/contents#get-repository-content
"""

from dataclasses import dataclass
from urllib.parse import quote

from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync_assets.sandbox.github.answers import api_url, base_url, failure, not_found, tagged
from sync_assets.sandbox.github.git_data import (
    GitData,
    raw_answer,
    too_large,
    wants_raw,
    wrapped_base64,
)
from sync_assets.sandbox.github.objects import TreeRow
from sync_assets.sandbox.repositories import Repository

_TYPES = {"040000": "dir", "120000": "symlink", "160000": "submodule"}


@dataclass(frozen=True, slots=True)
class Contents:
    """`/contents/PATH?ref=`: JSON with base64 up to 1 MB, raw up to 100 MB, and directories."""

    data: GitData

    def routes(self) -> list[Route]:
        """The root, and all below it."""
        routes = self.data.gate.routes
        return [*routes("/contents", self._show), *routes("/contents/{path:path}", self._show)]

    def _show(self, request: Request, repository: Repository) -> Response:
        path = request.path_params.get("path", "").strip("/")
        ref = request.query_params.get("ref", "HEAD")
        commit = self.data.objects.commit(repository, ref)
        if commit is None:
            named = (
                "This repository is empty."
                if ref == "HEAD"
                else f"No commit found for the ref {ref}"
            )
            return failure(404, named)
        if not path:
            return self._directory(request, repository, commit, "")
        parent, _, name = path.rpartition("/")
        tree = self.data.objects.read(repository, f"{commit}:{parent}")
        rows = self.data.objects.tree(repository, tree.oid, recursive=False) if tree else ()
        for row in rows:
            if row.path == name.encode():
                if row.kind == "tree":
                    return self._directory(request, repository, commit, path)
                return self._file(request, repository, commit, path, row)
        return not_found()

    def _directory(
        self, request: Request, repository: Repository, commit: str, path: str
    ) -> Response:
        tree = self.data.objects.read(repository, f"{commit}:{path}")
        if tree is None:
            return not_found()
        rows = self.data.objects.tree(repository, tree.oid, recursive=False)
        prefix = f"{path}/" if path else ""
        shown = [
            _entry(request, repository, commit, prefix + row.path.decode(errors="replace"), row)
            for row in rows[: self.data.sizes.directory_entries]
        ]
        return tagged(request, JSONResponse(shown))

    def _file(
        self, request: Request, repository: Repository, commit: str, path: str, row: TreeRow
    ) -> Response:
        shown = _entry(request, repository, commit, path, row)
        if row.kind == "commit":
            shown |= {"submodule_git_url": None}
            return tagged(request, JSONResponse(shown))
        blob = self.data.objects.read(repository, row.oid)
        if blob is None:
            return not_found()
        if row.mode == "120000" and not wants_raw(request):
            shown |= {"target": blob.data.decode(errors="replace")}
            return tagged(request, JSONResponse(shown))
        if len(blob.data) > self.data.sizes.blob_bytes:
            return too_large("blob", "blobs up to 100 MB")
        if wants_raw(request):
            return tagged(request, raw_answer(blob.data), row.oid)
        whole = len(blob.data) <= self.data.sizes.contents_bytes
        shown |= {
            "content": wrapped_base64(blob.data) if whole else "",
            "encoding": "base64" if whole else "none",
        }
        return tagged(request, JSONResponse(shown))


def _entry(
    request: Request, repository: Repository, commit: str, path: str, row: TreeRow
) -> dict[str, JsonValue]:
    """What every kind of entry has."""
    place = quote(path)
    own = f"{api_url(request, repository.name)}/contents/{place}?ref={commit}"
    kind = _TYPES.get(row.mode, "file")
    git: str | None = f"{api_url(request, repository.name)}/git/{row.kind}s/{row.oid}"
    view = "tree" if kind == "dir" else "blob"
    page: str | None = f"{base_url(request)}/{repository.name}/{view}/{commit}/{place}"
    if kind == "submodule":
        git = page = None
    raw = f"{base_url(request)}/raw/{repository.name}/{commit}/{place}"
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": row.oid,
        "size": row.size or 0,
        "url": own,
        "html_url": page,
        "git_url": git,
        "download_url": raw if row.kind == "blob" else None,
        "type": kind,
        "_links": {"self": own, "git": git, "html": page},
    }
