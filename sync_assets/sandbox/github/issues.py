"""REST over a tracker: issues, pull requests, and the feeds of what is said below them.

https://docs.github.com/en/rest/issues and https://docs.github.com/en/rest/pulls
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync_assets.sandbox.github.answers import base_url, failure, not_found, tagged
from sync_assets.sandbox.github.gate import REST, Gate
from sync_assets.sandbox.github.records import Comment, InlineComment, Item, Pull
from sync_assets.sandbox.github.rest_pages import cursor_page_of, page_of
from sync_assets.sandbox.github.shapes import Shapes
from sync_assets.sandbox.github.times import parse_time, time_text
from sync_assets.sandbox.github.trackers import Trackers
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.traffic import request_of

_OK = 200
MAX_FILES = 3000
"""`GET /pulls/N/files` shows no more, however many a pull request changes."""
MAX_COMMITS = 250
"""Nor does `GET /pulls/N/commits` show more."""
_ITEM_ORDERS: dict[str, Callable[[Item], str | int]] = {
    "created": lambda item: time_text(item.created_at),
    "updated": lambda item: time_text(item.updated_at),
    "comments": lambda item: len(item.comments),
}
_PULL_ORDERS: dict[str, Callable[[Item], str | int]] = {
    "created": lambda item: time_text(item.created_at),
    "updated": lambda item: time_text(item.touched_at),
    "popularity": lambda item: len(item.comments),
}
_Said = TypeVar("_Said", Comment, InlineComment)


@dataclass(frozen=True, slots=True)
class Call:
    """One request that may be answered; the trackers' lock is held."""

    request: Request
    shapes: Shapes

    @property
    def items(self) -> list[Item]:
        """All of the repository."""
        return list(self.shapes.tracker.items.values())

    @property
    def number(self) -> int:
        """The item that is asked for."""
        return self.request.path_params["item"]

    @property
    def place(self) -> str:
        """The path by the repository's number, as in GitHub's own links."""
        facts, by_number = (
            self.request.path_params,
            f"/repositories/{self.shapes.repository.number}",
        )
        asked = f"/repos/{facts['owner']}/{facts['name']}" if "owner" in facts else by_number
        return REST + by_number + self.request.url.path.removeprefix(REST + asked)

    def query(self, name: str, default: str) -> str:
        """A parameter."""
        return self.request.query_params.get(name) or default

    @property
    def since(self) -> datetime | None:
        """ValueError if it is no time."""
        text = self.request.query_params.get("since")
        return None if not text else parse_time(text)


Endpoint = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Issues:
    """`Request.service` is the name given here to each endpoint."""

    gate: Gate
    trackers: Trackers

    def routes(self) -> list[Route]:
        """All below a repository. Feeds stand before the items whose place they share."""
        endpoints: dict[str, tuple[str, Endpoint]] = {
            "": ("repository", _repository),
            "/issues": ("issues", _issues),
            "/issues/comments": ("issue-comments", _issue_comments),
            "/issues/{item:int}": ("issue", _issue),
            "/issues/{item:int}/comments": ("comments-of-issue", _comments_of_issue),
            "/pulls": ("pulls", _pulls),
            "/pulls/comments": ("pull-comments", _pull_comments),
            "/pulls/{item:int}": ("pull", _of_pull(_pull)),
            "/pulls/{item:int}/comments": ("comments-of-pull", _of_pull(_comments_of_pull)),
            "/pulls/{item:int}/reviews": ("reviews", _of_pull(_reviews)),
            "/pulls/{item:int}/files": ("pull-files", _of_pull(_files)),
            "/pulls/{item:int}/commits": ("pull-commits", _of_pull(_commits)),
        }
        return [
            route
            for path, (service, endpoint) in endpoints.items()
            for route in self.gate.routes(path, self._endpoint(service, endpoint))
        ]

    def _endpoint(
        self, service: str, endpoint: Endpoint
    ) -> Callable[[Request, Repository], Response]:
        def answer(request: Request, repository: Repository) -> Response:
            request_of(request.scope).service = service
            with self.trackers.lock:
                owner = self.trackers.accounts.owner(repository.name.partition("/")[0])
                tracker = self.trackers.of(repository)
                shapes = Shapes(base_url(request), repository, tracker, owner)
                try:
                    response = endpoint(Call(request, shapes))
                except ValueError as error:
                    return failure(422, f"Validation Failed: {error}")
                return tagged(request, response) if response.status_code == _OK else response

        return answer


def _repository(call: Call) -> Response:
    return JSONResponse(call.shapes.full_repository())


def _issues(call: Call) -> Response:
    state, since = call.query("state", "open"), call.since
    found = [
        item
        for item in call.items
        if state in ("all", "open" if item.closed_at is None else "closed")
        and (since is None or item.updated_at >= since)
    ]
    order = _order(call, _ITEM_ORDERS)
    return cursor_page_of(
        call.request,
        call.place,
        found,
        call.shapes.issue,
        lambda item: (order(item), item.number),
        descending=call.query("direction", "desc") == "desc",
    )


def _issue(call: Call) -> Response:
    item = call.shapes.tracker.items.get(call.number)
    return _absent(call) if item is None else JSONResponse(call.shapes.issue(item))


def _absent(call: Call) -> Response:
    """410 for what was deleted, 301 for what was transferred, else 404."""
    tracker = call.shapes.tracker
    if call.number in tracker.deleted:
        return failure(410, "This issue was deleted")
    if call.number not in tracker.transferred:
        return not_found()
    repository, number = tracker.transferred[call.number]
    url = f"{call.shapes.web}{REST}/repositories/{repository}/issues/{number}"
    message = {
        "message": "Moved Permanently",
        "url": url,
        "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects",
    }
    return JSONResponse(message, 301, {"location": url})


def _issue_comments(call: Call) -> Response:
    said = [comment for item in call.items for comment in item.comments]
    return page_of(call.request, call.place, _feed(call, said), call.shapes.comment)


def _comments_of_issue(call: Call) -> Response:
    item = call.shapes.tracker.items.get(call.number)
    if item is None:
        return _absent(call)
    said = sorted(_since(call, item.comments), key=lambda comment: comment.database_id)
    return page_of(call.request, call.place, said, call.shapes.comment)


def _pulls(call: Call) -> Response:
    state = call.query("state", "open")
    order = _order(call, _PULL_ORDERS)
    default = "desc" if call.query("sort", "created") == "created" else "asc"
    found = [
        item
        for item in call.items
        if item.pull is not None
        and state in ("all", "open" if item.closed_at is None else "closed")
        and call.query("base", item.pull.base) == item.pull.base
    ]
    found.sort(
        key=lambda item: (order(item), item.number),
        reverse=call.query("direction", default) == "desc",
    )
    return page_of(call.request, call.place, found, call.shapes.pull)


def _pull_comments(call: Call) -> Response:
    said = [
        comment
        for item in call.items
        if item.pull is not None
        for thread in item.pull.threads
        for comment in thread.comments
    ]
    return page_of(call.request, call.place, _feed(call, said), call.shapes.inline)


def _of_pull(endpoint: Callable[[Call, Item, Pull], Response]) -> Endpoint:
    def answer(call: Call) -> Response:
        item = call.shapes.tracker.items.get(call.number)
        pull = None if item is None else item.pull
        return not_found() if item is None or pull is None else endpoint(call, item, pull)

    return answer


def _pull(call: Call, item: Item, _: Pull) -> Response:
    return JSONResponse(call.shapes.full_pull(item))


def _comments_of_pull(call: Call, _: Item, pull: Pull) -> Response:
    said = [comment for thread in pull.threads for comment in thread.comments]
    return page_of(call.request, call.place, _feed(call, said), call.shapes.inline)


def _reviews(call: Call, _: Item, pull: Pull) -> Response:
    return page_of(call.request, call.place, pull.reviews, call.shapes.review)


def _files(call: Call, _: Item, pull: Pull) -> Response:
    shown = pull.files[:MAX_FILES]
    return page_of(call.request, call.place, shown, lambda file: call.shapes.file(pull, file))


def _commits(call: Call, _: Item, pull: Pull) -> Response:
    shown = pull.commits[:MAX_COMMITS]
    return page_of(call.request, call.place, shown, call.shapes.commit)


def _order(
    call: Call, orders: dict[str, Callable[[Item], str | int]]
) -> Callable[[Item], str | int]:
    name = call.query("sort", "created")
    if name not in orders:
        raise ValueError(f"{name} is no sort")
    return orders[name]


def _feed(call: Call, said: Sequence[_Said]) -> list[_Said]:
    """By id, unless a `sort` is asked for; only then `direction` counts."""
    found = _since(call, said)
    sort = call.query("sort", "")
    by_update = sort == "updated"

    def key(comment: _Said) -> tuple[str, int]:
        at = comment.updated_at if by_update else comment.created_at
        return time_text(at), comment.database_id

    found.sort(key=key, reverse=bool(sort) and call.query("direction", "desc") == "desc")
    return found


def _since(call: Call, said: Sequence[_Said]) -> list[_Said]:
    since = call.since
    return [comment for comment in said if since is None or comment.updated_at >= since]
