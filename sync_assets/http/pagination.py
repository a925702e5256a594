"""Pages to their end, or an error: a page that was seen before never starts an endless round."""

from collections.abc import Iterator, Mapping

import httpx

from sync_assets.errors import UnexpectedPayload
from sync_assets.http.public import called, origin

Params = Mapping[str, str | int | float | bool | None]


def linked_pages(
    client: httpx.Client,
    path: str,
    params: Params | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    extensions: Mapping[str, object] | None = None,
) -> Iterator[httpx.Response]:
    """Every page, by `Link: rel="next"`. Raises UnexpectedPayload where links lead in a circle or
    to another host: our token would not go there.
    """
    page = client.get(path, params=params, headers=headers, extensions=dict(extensions or {}))
    home = origin(page.request.url)
    seen = Seen(called(page.request))
    while True:
        yield page
        link = page.links.get("next", {}).get("url")
        if link is None:
            return
        following = page.request.url.join(link)
        if origin(following) != home:
            raise UnexpectedPayload(f"{called(page.request)}: the next page is on another host")
        seen.add(str(following))
        page = client.get(following, headers=headers, extensions=dict(extensions or {}))


class Seen:
    """The guard of a loop over cursors: `add` raises UnexpectedPayload for one that comes again."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._known: set[str] = set()

    def add(self, cursor: str) -> None:
        """Before asking for the page of that cursor."""
        if cursor in self._known:
            raise UnexpectedPayload(f"{self._what}: pages lead in a circle")
        self._known.add(cursor)


def next_cursor(page_info: Mapping[str, object], seen: Seen) -> str | None:
    """The cursor of the next page of a GraphQL connection; None at the end.

    Takes a `pageInfo { hasNextPage endCursor }`.
    """
    if not page_info["hasNextPage"]:
        return None
    cursor = page_info["endCursor"]
    if not isinstance(cursor, str) or not cursor:
        raise UnexpectedPayload("pageInfo promises a next page and gives no cursor")
    seen.add(cursor)
    return cursor
