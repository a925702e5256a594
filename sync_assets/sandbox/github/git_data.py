"""REST git data over the real repositories: branches, refs, commits, trees, blobs.

https://docs.github.com/rest/git and https://docs.github.com/rest/branches
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sync_assets.sandbox.github.answers import api_url, base_url, failure, not_found, tagged
from sync_assets.sandbox.github.gate import Gate
from sync_assets.sandbox.github.objects import GitObject, Objects, TreeRow
from sync_assets.sandbox.repositories import Repository

_OID = re.compile(r"[0-9a-f]{40}")
_SIGNATURE = re.compile(r"(?P<name>.*) <(?P<email>[^>]*)> (?P<time>-?\d+) [+-]\d{4}")
_EMPTY = "Git Repository is empty."
_UNVERIFIED: Mapping[str, JsonValue] = {
    "verified": False,
    "reason": "unsigned",
    "payload": None,
    "signature": None,
    "verified_at": None,
}


@dataclass(slots=True)
class Sizes:
    """What answers hold at most; all of these may be made small."""

    tree_entries: int = 100_000
    tree_bytes: int = 7_000_000
    contents_bytes: int = 1_000_000
    blob_bytes: int = 100_000_000
    directory_entries: int = 1_000
    text_bytes: int = 512_000
    """GraphQL cuts a blob's text here."""


@dataclass(frozen=True, slots=True)
class GitData:
    """The endpoints that a listing by API needs."""

    gate: Gate
    objects: Objects
    sizes: Sizes = field(default_factory=Sizes)

    def routes(self) -> list[Route]:
        """All below a repository."""
        routes = self.gate.routes
        return [
            *routes("/branches/{branch:path}", self._branch),
            *routes("/commits/{ref:path}", self._commit),
            *routes("/git/ref/{ref:path}", self._ref),
            *routes("/git/commits/{commit}", self._git_commit),
            *routes("/git/trees/{tree:path}", self._tree),
            *routes("/git/blobs/{blob}", self._blob),
        ]

    def _branch(self, request: Request, repository: Repository) -> Response:
        branch = request.path_params["branch"]
        commit = self.objects.read(repository, f"refs/heads/{branch}^{{commit}}")
        if commit is None:
            return failure(404, "Branch not found")
        url = f"{api_url(request, repository.name)}/branches/{branch}"
        page = f"{base_url(request)}/{repository.name}/tree/{branch}"
        shown: dict[str, JsonValue] = {
            "name": branch,
            "commit": _commit_json(request, repository, commit),
            "_links": {"self": url, "html": page},
            "protected": False,
            "protection": {
                "enabled": False,
                "required_status_checks": {
                    "enforcement_level": "off",
                    "contexts": [],
                    "checks": [],
                },
            },
            "protection_url": f"{url}/protection",
        }
        return tagged(request, JSONResponse(shown))

    def _commit(self, request: Request, repository: Repository) -> Response:
        """With the media type `sha` the body is the id, which is its ETag too."""
        ref = request.path_params["ref"]
        oid = self.objects.commit(repository, ref)
        if oid is None:
            return self._missing(repository, 422, f"No commit found for SHA: {ref}")
        if "application/vnd.github.sha" in request.headers.get("accept", ""):
            media_type = "application/vnd.github.sha; charset=utf-8"
            return tagged(request, PlainTextResponse(oid, media_type=media_type), oid)
        commit = self.objects.read(repository, oid)
        if commit is None:
            return not_found()
        return tagged(request, JSONResponse(_commit_json(request, repository, commit)))

    def _ref(self, request: Request, repository: Repository) -> Response:
        ref = f"refs/{request.path_params['ref']}"
        found = self.objects.read(repository, ref)
        if found is None:
            return self._missing(repository, 404, "Not Found")
        url = api_url(request, repository.name)
        shown: dict[str, JsonValue] = {
            "ref": ref,
            "node_id": _node_id("REF", repository, ref),
            "url": f"{url}/git/{ref}",
            "object": {
                "type": found.kind,
                "sha": found.oid,
                "url": f"{url}/git/{found.kind}s/{found.oid}",
            },
        }
        return tagged(request, JSONResponse(shown))

    def _git_commit(self, request: Request, repository: Repository) -> Response:
        oid = request.path_params["commit"]
        found = self.objects.read(repository, oid) if _OID.fullmatch(oid) else None
        if found is None or found.kind != "commit":
            return self._missing(repository, 404, "Not Found")
        shown = _git_commit_json(request, repository, found)
        return tagged(request, JSONResponse(shown))

    def _tree(self, request: Request, repository: Repository) -> Response:
        """`sha` is what was asked for, even where that is a commit's id."""
        asked: str = request.path_params["tree"]
        oid = asked if _OID.fullmatch(asked) else self.objects.commit(repository, asked)
        tree = self.objects.read(repository, f"{oid}^{{tree}}") if oid else None
        if oid is None or tree is None:
            return self._missing(repository, 404, "Not Found")
        recursive = bool(request.query_params.get("recursive"))
        rows = self.objects.tree(repository, tree.oid, recursive=recursive)
        url = api_url(request, repository.name)
        shown: list[JsonValue] = []
        size = 0
        for row in rows[: self.sizes.tree_entries]:
            entry = _tree_entry(row, url)
            size += sum(len(str(value)) for value in entry.values())
            if size > self.sizes.tree_bytes:
                break
            shown.append(entry)
        body = {
            "sha": oid,
            "url": f"{url}/git/trees/{oid}",
            "tree": shown,
            "truncated": len(shown) < len(rows),
        }
        return tagged(request, JSONResponse(body))

    def _blob(self, request: Request, repository: Repository) -> Response:
        oid = request.path_params["blob"]
        if not _OID.fullmatch(oid):
            return failure(
                422, "The sha parameter must be exactly 40 characters and contain only [0-9a-f]."
            )
        found = self.objects.read(repository, oid)
        if found is None or found.kind != "blob":
            return self._missing(repository, 404, "Not Found")
        if len(found.data) > self.sizes.blob_bytes:
            return too_large("blob", "blobs up to 100 MB")
        if wants_raw(request):
            return tagged(request, raw_answer(found.data), oid)
        shown = {
            "sha": oid,
            "node_id": _node_id("B", repository, oid),
            "size": len(found.data),
            "url": f"{api_url(request, repository.name)}/git/blobs/{oid}",
            "content": wrapped_base64(found.data),
            "encoding": "base64",
        }
        return tagged(request, JSONResponse(shown))

    def _missing(self, repository: Repository, status: int, message: str) -> Response:
        """What is not there; every question to a repository without commits conflicts."""
        if repository.empty:
            return failure(409, _EMPTY)
        return failure(status, message)


def wants_raw(request: Request) -> bool:
    """Whether the media type `raw` is asked for."""
    accepted = request.headers.get("accept", "")
    return "application/vnd.github.raw" in accepted or "github.v3.raw" in accepted


def raw_answer(data: bytes) -> Response:
    """A content, byte for byte."""
    return Response(data, media_type="application/vnd.github.raw+json; charset=utf-8")


def too_large(what: str, allowed: str) -> Response:
    """GitHub's 403 for a content that this way does not carry."""
    error = {"resource": what.title(), "field": "data", "code": "too_large"}
    message = f"This API returns {allowed} in size. The requested {what} is too large to fetch via"
    body = {
        "message": f"{message} the API, but you can always clone the repository via Git in order"
        " to obtain it.",
        "errors": [error],
        "documentation_url": "https://docs.github.com/rest",
    }
    return JSONResponse(body, 403)


def wrapped_base64(data: bytes) -> str:
    """Base64 in lines of 60, as GitHub breaks them."""
    text = base64.b64encode(data).decode()
    return "".join(f"{text[start : start + 60]}\n" for start in range(0, len(text), 60))


def parse_commit(commit: GitObject) -> tuple[dict[str, list[str]], str]:
    """A commit's headers, each with all of its values, and its message."""
    head, _, message = commit.data.decode(errors="replace").partition("\n\n")
    headers: dict[str, list[str]] = {}
    for line in head.splitlines():
        name, _, value = line.partition(" ")
        headers.setdefault(name, []).append(value)
    return headers, message


def signature(line: str) -> dict[str, JsonValue]:
    """`name`, `email` and `date` of an author or committer line."""
    found = _SIGNATURE.fullmatch(line)
    if found is None:
        return {"name": "", "email": "", "date": None}
    at = datetime.fromtimestamp(int(found["time"]), UTC)
    return {"name": found["name"], "email": found["email"], "date": f"{at:%Y-%m-%dT%H:%M:%SZ}"}


def _tree_entry(row: TreeRow, url: str) -> dict[str, JsonValue]:
    entry: dict[str, JsonValue] = {
        "path": row.path.decode(errors="replace"),
        "mode": row.mode,
        "type": row.kind,
        "sha": row.oid,
    }
    if row.size is not None:
        entry["size"] = row.size
    if row.kind != "commit":
        entry["url"] = f"{url}/git/{row.kind}s/{row.oid}"
    return entry


def _git_commit_json(
    request: Request, repository: Repository, commit: GitObject
) -> dict[str, JsonValue]:
    headers, message = parse_commit(commit)
    url, page = api_url(request, repository.name), f"{base_url(request)}/{repository.name}"
    tree = headers["tree"][0]
    parents: list[JsonValue] = [
        {
            "sha": oid,
            "url": f"{url}/git/commits/{oid}",
            "html_url": f"{page}/commit/{oid}",
        }
        for oid in headers.get("parent", [])
    ]
    return {
        "sha": commit.oid,
        "node_id": _node_id("C", repository, commit.oid),
        "url": f"{url}/git/commits/{commit.oid}",
        "html_url": f"{page}/commit/{commit.oid}",
        "author": signature(headers["author"][0]),
        "committer": signature(headers["committer"][0]),
        "tree": {"sha": tree, "url": f"{url}/git/trees/{tree}"},
        "message": message.rstrip("\n"),
        "parents": parents,
        "verification": dict(_UNVERIFIED),
    }


def _commit_json(
    request: Request, repository: Repository, commit: GitObject
) -> dict[str, JsonValue]:
    inner = _git_commit_json(request, repository, commit)
    url = api_url(request, repository.name)
    place = f"{url}/commits/{commit.oid}"
    kept = ("author", "committer", "message", "tree", "url", "verification")
    return {
        "sha": commit.oid,
        "node_id": inner["node_id"],
        "url": place,
        "html_url": inner["html_url"],
        "comments_url": f"{place}/comments",
        "commit": {name: inner[name] for name in kept} | {"comment_count": 0},
        "author": None,
        "committer": None,
        "parents": inner["parents"],
    }


def _node_id(kind: str, repository: Repository, name: str) -> str:
    return f"{kind}_{base64.urlsafe_b64encode(f'{repository.number}:{name}'.encode()).decode()}"
