"""The pages behind links, as plain text: a file at a commit, an issue, a pull request."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sync_assets.sandbox.github.records import Entry, Item
from sync_assets.sandbox.github.trackers import Trackers
from sync_assets.sandbox.repositories import Repository


@dataclass(frozen=True, slots=True)
class Pages:
    """`/owner/name/blob/COMMIT/PATH`, `/owner/name/issues/1` and `/owner/name/pull/2` of public
    repositories, where GitHub has them too.
    """

    trackers: Trackers

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("/{owner}/{name}/blob/{commit}/{path:path}", self._file, methods=["GET"]),
            Route("/{owner}/{name}/issues/{number:int}", self._issue, methods=["GET"]),
            Route("/{owner}/{name}/pull/{number:int}", self._pull, methods=["GET"]),
        ]

    def _file(self, request: Request) -> Response:
        repository, facts = self._public(request), request.path_params
        if repository is None:
            return _not_found()
        shown = subprocess.run(
            ["git", "cat-file", "blob", f"{facts['commit']}:{facts['path']}"],
            cwd=repository.path,
            capture_output=True,
            check=False,
        )
        return _not_found() if shown.returncode else _text(shown.stdout)

    def _issue(self, request: Request) -> Response:
        return self._item(request, pull=False)

    def _pull(self, request: Request) -> Response:
        return self._item(request, pull=True)

    def _item(self, request: Request, *, pull: bool) -> Response:
        repository = self._public(request)
        if repository is None:
            return _not_found()
        with self.trackers.lock:
            item = self.trackers.of(repository).items.get(request.path_params["number"])
            if item is None or (item.pull is not None) != pull:
                return _not_found()
            said = [f"{_speaker(entry)}:\n\n{entry.body}" for entry in _said(item) if entry.body]
        return _text("\n\n".join([f"{item.title} #{item.number}", *said]).encode())

    def _public(self, request: Request) -> Repository | None:
        facts = request.path_params
        found = self.trackers.repositories.find(f"{facts['owner']}/{facts['name']}")
        return None if found is None or found.private else found


def _said(item: Item) -> Iterator[Entry]:
    yield item
    yield from item.comments
    if item.pull is not None:
        yield from item.pull.reviews
        for thread in item.pull.threads:
            yield from thread.comments


def _speaker(entry: Entry) -> str:
    return "ghost" if entry.author is None or entry.author.deleted else entry.author.login


def _text(content: bytes) -> Response:
    return Response(content, media_type="text/plain; charset=utf-8")


def _not_found() -> Response:
    return PlainTextResponse("Not Found", status_code=404)
