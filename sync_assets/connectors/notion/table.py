"""Which pages a data source has, read to the proven end."""

import threading
from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import JsonValue

from sync_assets.connectors.base import Size
from sync_assets.connectors.notion.client import NotionClient, following
from sync_assets.connectors.notion.payloads import Page, Queried
from sync_assets.errors import PageTooLarge, UnexpectedPayload
from sync_assets.http.pagination import Seen

MANY = 20
"""From so many pages on it takes fewer calls to ask for the table than for each."""
_BY_CREATION: list[JsonValue] = [{"timestamp": "created_time", "direction": "ascending"}]


class TableReader:
    """Reads which pages a data source has; `sizes` is how large the pages of its lists may be."""

    def __init__(self, client: NotionClient, data_source: str, sizes: Size) -> None:
        self._client = client
        self._data_source = data_source
        self._sizes = sizes

    def pages(
        self, since: str | None, *, in_trash: bool = False
    ) -> tuple[Mapping[str, Page], datetime]:
        """By id, those edited since, or all; and Notion's time when the reading began.

        A query gives 10,000 rows at most, in order of creation. What is created later is asked for
        again, from the last row's minute on, until that shows nothing new: so `has_more` is not
        trusted either. Raises UnexpectedPayload where one minute has more rows than a query gives.
        """
        found, start, began = dict[str, Page](), None, None
        while True:
            known = len(found)
            is_cut, at = self._window(found, since, start, in_trash=in_trash)
            began = began or at
            if len(found) == known:
                if is_cut:
                    raise UnexpectedPayload(
                        f"Notion: data source {self._data_source}: more pages were created in the"
                        f" minute {start} than one query gives"
                    )
                return found, began
            start = max(page.created_time for page in found.values())

    def _window(
        self, found: dict[str, Page], since: str | None, start: str | None, *, in_trash: bool
    ) -> tuple[bool, datetime]:
        """Whether the query was cut off, and Notion's time when it began."""
        asked: dict[str, JsonValue] = {"sorts": _BY_CREATION}
        bounds: list[JsonValue] = [
            {"timestamp": name, name: {"on_or_after": bound}}
            for name, bound in (("last_edited_time", since), ("created_time", start))
            if bound is not None
        ]
        if bounds:
            asked["filter"] = bounds[0] if len(bounds) == 1 else {"and": bounds}
        if in_trash:
            asked["in_trash"] = True
        seen, began, is_cut = Seen("Notion: data_sources/query"), None, False
        while True:
            answer, at = self._page(asked)
            began, is_cut = began or at, is_cut or answer.is_cut
            found.update({page.id: page for page in answer.results})
            cursor = following(
                answer.next_cursor, seen, "data_sources/query", has_more=answer.has_more
            )
            if cursor is None:
                return is_cut, began
            asked["start_cursor"] = cursor

    def _page(self, asked: dict[str, JsonValue]) -> tuple[Queried, datetime]:
        while True:
            size = self._sizes.now
            try:
                answer = self._client.query_data_source(
                    self._data_source, {**asked, "page_size": size}
                )
            except PageTooLarge:
                if not self._sizes.halve(size):
                    raise
            else:
                self._sizes.worked()
                return answer


class KnownPages:
    """Pages that a listing showed, for the fetch that follows. Those that a listing of another
    process showed are asked for: one by one, and the whole table where they are many.
    """

    def __init__(self, client: NotionClient, table: TableReader) -> None:
        self._client = client
        self._table = table
        self._pages: dict[str, Page] = {}
        self._missed = 0
        self._lock = threading.Lock()

    def keep(self, pages: Iterable[Page]) -> None:
        """Each until it is taken."""
        with self._lock:
            self._pages |= {page.id: page for page in pages}

    def take(self, page: str) -> Page | None:
        """The page, as it was no longer ago than the listing; None where there is none for us."""
        with self._lock:
            if page not in self._pages:
                self._missed += 1
                if self._missed == MANY:
                    self._pages |= self._table.pages(None)[0]
            found = self._pages.pop(page, None)
        return found or self._client.retrieve_page(page)
