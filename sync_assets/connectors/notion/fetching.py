"""A listed page, as it is now."""

import threading

from sync_assets.connectors.notion.client import NotionClient
from sync_assets.connectors.notion.documents import Reading, page_document
from sync_assets.connectors.notion.payloads import Page
from sync_assets.connectors.notion.reading import PageReader
from sync_assets.connectors.notion.scope import dashed
from sync_assets.connectors.notion.table import KnownPages
from sync_assets.errors import SourceGone
from sync_assets.models import Document, Gone, ListingEntry


class PageFetcher:
    """Makes documents of the pages of one data source. Safe from several threads."""

    def __init__(
        self,
        client: NotionClient,
        data_source: str,
        known: KnownPages,
        reader: PageReader,
        *,
        comments: bool,
    ) -> None:
        self._client = client
        self._data_source = data_source
        self._known = known
        self._reader = reader
        self._comments = comments
        self._names: dict[str, str] = {}
        self._lock = threading.Lock()

    def is_here(self, page: Page) -> bool:
        """Whether readers see it in the table."""
        home = page.parent.data_source_id
        return not page.is_away and home is not None and dashed(home) == self._data_source

    def fetched(self, entry: ListingEntry) -> Document | Gone:
        """All of it, or that it is no longer there."""
        page = self._known.take(entry.locator)
        if page is None:
            return Gone(entry)
        if not self.is_here(page):
            return Gone(entry, confirmed=True)
        try:
            reading = Reading(
                page,
                self._reader.properties(page),
                self._reader.body(page.id),
                self._reader.comments(page.id) if self._comments else [],
                self._name(page.created_by.id),
            )
        except SourceGone:
            return Gone(entry)
        return page_document(entry, reading)

    def _name(self, user: str) -> str:
        """What somebody is called, by id where the connection may not know; asked for once."""
        with self._lock:
            if user not in self._names:
                found = self._client.retrieve_user(user)
                self._names[user] = (found and found.name) or user
            return self._names[user]
