"""Notion's endpoints, by their names.

https://developers.notion.com/reference
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from pydantic import JsonValue, TypeAdapter

from sync_assets.connectors.notion import payloads
from sync_assets.connectors.notion.block import Block
from sync_assets.connectors.notion.dialect import NOTION
from sync_assets.connectors.notion.values import PropertyItem
from sync_assets.connectors.notion.words import Person
from sync_assets.errors import UnexpectedPayload
from sync_assets.http.credentials import token_credential
from sync_assets.http.pagination import Seen
from sync_assets.http.payload import date_of, parsed

if TYPE_CHECKING:
    import httpx

    from sync_assets.http.clients import HttpClients
    from sync_assets.settings import Settings

T = TypeVar("T")
MOST_ITEMS = 100
"""The largest page of any list."""
_NOT_THERE = (HTTPStatus.NOT_FOUND,)


class NotionClient:
    """Calls with one connection's token. Methods that may find nothing return None."""

    def __init__(self, client: "httpx.Client") -> None:
        self._client = client

    def retrieve_data_source(self, data_source: str) -> tuple[payloads.DataSource, datetime] | None:
        """And when Notion's clock said so."""
        response = self._get(f"data_sources/{data_source}", accept=_NOT_THERE)
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        return parsed(response, payloads.DATA_SOURCE), date_of(response)

    def retrieve_database(self, database: str) -> payloads.Database | None:
        return self._found(f"databases/{database}", payloads.DATABASE)

    def query_data_source(
        self, data_source: str, asked: dict[str, JsonValue]
    ) -> tuple[payloads.Queried, datetime]:
        """One page of pages, and when Notion's clock said so."""
        response = self._client.post(
            f"data_sources/{data_source}/query",
            json={"result_type": "page", **asked},
            extensions={"safe": True},
        )
        return parsed(response, payloads.QUERIED), date_of(response)

    def retrieve_page(self, page: str) -> payloads.Page | None:
        return self._found(f"pages/{page}", payloads.PAGE)

    def retrieve_page_markdown(self, page: str) -> payloads.Markdown | None:
        """None where Notion cannot write this page so."""
        refused = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)
        return self._found(f"pages/{page}/markdown", payloads.MARKDOWN, refused)

    def retrieve_page_property(self, page: str, each: str) -> list[PropertyItem]:
        """All items of a property that a page shows cut off; `each` is its encoded id."""
        return self._whole(f"pages/{page}/properties/{each}", payloads.ITEMS)

    def retrieve_block(self, block: str) -> Block | None:
        return self._found(f"blocks/{block}", payloads.BLOCK)

    def list_block_children(self, block: str) -> list[Block]:
        """What stands inside a block or page. Raises SourceGone where there is none for us."""
        return self._whole(f"blocks/{block}/children", payloads.BLOCKS)

    def list_comments(self, page: str) -> list[payloads.Comment]:
        """The open ones on the page itself."""
        return self._whole("comments", payloads.COMMENTS, block_id=page)

    def retrieve_user(self, user: str) -> Person | None:
        """None for somebody who left, and where the connection may not know people."""
        unknown = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
        return self._found(f"users/{user}", payloads.PERSON, unknown)

    def _get(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        accept: tuple[HTTPStatus, ...] = (),
    ) -> "httpx.Response":
        return self._client.get(path, params=params, extensions={"accept": accept})

    def _found(
        self, path: str, shape: TypeAdapter[T], absent: tuple[HTTPStatus, ...] = _NOT_THERE
    ) -> T | None:
        response = self._get(path, accept=absent)
        return None if response.status_code in absent else parsed(response, shape)

    def _whole(self, path: str, shape: TypeAdapter[payloads.Listed[T]], **params: str) -> list[T]:
        def page(size: int, cursor: str | None) -> payloads.Listed[T]:
            asked: dict[str, str | int] = {**params, "page_size": size}
            if cursor:
                asked["start_cursor"] = cursor
            return parsed(self._get(path, asked), shape)

        return whole(page, path)


def whole(page: Callable[[int, str | None], payloads.Listed[T]], what: str) -> list[T]:
    """A list to its end. A full page that says that it is the last is asked for again, one item
    smaller: it must then promise the one that is left.
    """
    items, cursor, seen = list[T](), None, Seen(f"Notion: {what}")
    while True:
        given = page(MOST_ITEMS, cursor)
        if not given.has_more and len(given.results) >= MOST_ITEMS:
            again = page(MOST_ITEMS - 1, cursor)
            given = again if again.has_more else given
        items += given.results
        cursor = following(given.next_cursor, seen, what, has_more=given.has_more)
        if cursor is None:
            return items


def following(cursor: str | None, seen: Seen, what: str, *, has_more: bool) -> str | None:
    """The cursor of the next page, None at the end. Raises UnexpectedPayload for a promise without
    a cursor, and for pages in a circle.
    """
    if not has_more:
        return None
    if not cursor:
        raise UnexpectedPayload(f"Notion: {what}: more is promised, without a cursor")
    seen.add(cursor)
    return cursor


def open_client(settings: "Settings", http: "HttpClients") -> NotionClient:
    """The client of the settings' connection."""
    credential = token_credential(settings.notion_token)
    return NotionClient(http.client(NOTION, str(settings.notion_api_url), credential))
