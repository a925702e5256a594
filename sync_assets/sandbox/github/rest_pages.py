"""Lists over several requests, as REST gives them: `per_page`, `page`, and the `Link` header.

https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
"""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sync_assets.sandbox.github.answers import base_url, failure
from sync_assets.sandbox.github.connections import Key, connection

MAX_PAGE_SIZE = 100
MAX_PAGE = 100
_DEFAULT_SIZE = 30
_TOO_DEEP = (
    "Pagination with the page parameter is not supported for large datasets, please use cursor "
    "based pagination (after/before)"
)


def page_of(
    request: Request, place: str, records: Sequence[Any], show: Callable[[Any], object]
) -> Response:
    """A page by its number: what changes the list between two requests shifts it."""
    size, number = _size(request), _number(request)
    if number > MAX_PAGE:
        return failure(422, _TOO_DEEP)
    last = max(1, -(-len(records) // size))
    shown = [show(record) for record in records[(number - 1) * size : number * size]]
    pages: dict[str, int] = {}
    if number < last:
        pages |= {"next": number + 1, "last": last}
    if number > 1:
        pages |= {"first": 1, "prev": number - 1}
    link = {rel: {"page": str(page)} for rel, page in pages.items()}
    return _answer(request, place, shown, link)


def cursor_page_of(
    request: Request,
    place: str,
    records: Sequence[Any],
    show: Callable[[Any], object],
    key: Callable[[Any], Key],
    *,
    descending: bool,
) -> Response:
    """A page whose `next` holds a cursor. Page numbers count as well, up to the hundredth."""
    size, number, after = _size(request), _number(request), request.query_params.get("after")
    if after is None and number > MAX_PAGE:
        return failure(422, _TOO_DEEP)
    first = size if after else size * number
    page = connection(records, {"first": first, "after": after}, key, descending=descending)
    shown = [show(record) for record in page.nodes[0 if after else size * (number - 1) :]]
    link: dict[str, dict[str, str]] = {}
    if page.has_next:
        link["next"] = {"after": page.cursors[-1], "page": str(number + 1)}
    return _answer(request, place, shown, link)


def _answer(
    request: Request, place: str, shown: list[object], link: dict[str, dict[str, str]]
) -> Response:
    """`place` is the path by the repository's number: GitHub's own links have it so."""
    asked = dict(request.query_params)
    parts = [
        f'<{base_url(request)}{place}?{urlencode(asked | more)}>; rel="{rel}"'
        for rel, more in link.items()
    ]
    return JSONResponse(shown, headers={"link": ", ".join(parts)} if parts else None)


def _size(request: Request) -> int:
    return min(MAX_PAGE_SIZE, _positive(request, "per_page", _DEFAULT_SIZE))


def _number(request: Request) -> int:
    return _positive(request, "page", 1)


def _positive(request: Request, name: str, default: int) -> int:
    """GitHub takes nonsense for the default."""
    text = request.query_params.get(name, "")
    return int(text) if text.isdecimal() and int(text) > 0 else default
