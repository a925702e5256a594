"""The stream `pages`: the rows of one data source, each with its content and comments.

A query shows when each page was edited, to the minute, and not what comments, synced blocks and
pages that it names have become: so a complete listing has every page read again. A changes listing
has those read that were edited since, and takes those away that went into the trash. Few pages are
read by the listing, which then knows their versions; many are left to the fetch, which reads
several at a time and may be interrupted.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sync_assets.connectors.base import Session
from sync_assets.connectors.notion.client import NotionClient
from sync_assets.connectors.notion.documents import Reading, page_document
from sync_assets.connectors.notion.facts import Watermark, unread_version
from sync_assets.connectors.notion.payloads import Page
from sync_assets.connectors.notion.properties import title_of
from sync_assets.connectors.notion.reading import PageReader
from sync_assets.connectors.notion.scope import dashed, plain_id
from sync_assets.connectors.notion.table import MANY, KnownPages, TableReader
from sync_assets.errors import (
    InvalidSettings,
    RateLimited,
    SourceGone,
    SourceUnavailable,
    UnexpectedPayload,
)
from sync_assets.models import (
    Document,
    Fetched,
    FetchFailure,
    Gone,
    Listing,
    ListingEntry,
    Source,
    document_id,
)


class PagesSession(Session):
    """One data source. Pages that a listing showed are kept for the fetch that follows it."""

    def __init__(
        self,
        source: Source,
        stream: str,
        client: NotionClient,
        reader: PageReader,
        *,
        comments: bool,
    ) -> None:
        self._source = source
        self._stream = stream
        self._client = client
        self._reader = reader
        self._comments = comments
        self._table = TableReader(client, source.scope, self.pages)
        self._known = KnownPages(client, self._table)
        self._read: dict[str, Document] = {}
        self._names: dict[str, str] = {}
        self._lock = threading.Lock()

    def list(self, since: str | None) -> Listing:
        try:
            return self._sweep() if since is None else self._changes(Watermark.parse(since))
        except SourceGone:
            self._explain()
            raise

    def fetch(self, entries: Sequence[ListingEntry], watermark: str) -> Iterator[Fetched]:  # noqa: ARG002 - the contract's
        for entry in entries:
            with self._lock:
                read = self._read.pop(entry.locator, None)
            try:
                yield read or self._fetched(entry)
            except UnexpectedPayload as error:
                yield FetchFailure(entry, error)
            except SourceUnavailable as error:
                if not self._reader.answered.is_set():
                    raise
                yield FetchFailure(entry, error)

    def _sweep(self) -> Listing:
        answer = self._client.retrieve_data_source(self._source.scope)
        if answer is None or answer[0].in_trash:
            raise SourceGone(
                f"Notion: data source {self._source.scope}: in the trash, deleted, or not shared"
                " with the connection"
            )
        found, _ = self._table.pages(None)
        watermark = Watermark.of(answer[1])
        return Listing(watermark=str(watermark), entries=self._entries(found.values()))

    def _changes(self, since: Watermark) -> Listing:
        found, began = self._table.pages(since.since)
        trashed, _ = self._table.pages(since.since, in_trash=True)
        away = [page for page in (*found.values(), *trashed.values()) if page.is_away]
        gone = {page.id for page in away}
        return Listing(
            watermark=str(Watermark.of(began)),
            entries=self._entries(page for page in found.values() if page.id not in gone),
            complete=False,
            current=True,
            gone=[self._id(each) for each in sorted(gone)],
        )

    def _entries(self, pages: Iterable[Page]) -> Sequence[ListingEntry]:
        present = [page for page in pages if not page.is_away]
        self._known.keep(present)
        entries = [
            ListingEntry(
                document_id=self._id(page.id),
                key=f"{title_of(page)}/{plain_id(page.id)}",
                version=unread_version(page),
                locator=page.id,
            )
            for page in present
        ]
        return entries if len(entries) > MANY else [*map(self._read_now, entries)]

    def _read_now(self, entry: ListingEntry) -> ListingEntry:
        """With its version, unless it cannot be read: what is wrong, the fetch will say."""
        try:
            found = self._fetched(entry)
        except (RateLimited, SourceUnavailable, UnexpectedPayload):
            return entry
        if not isinstance(found, Document):
            return entry
        with self._lock:
            self._read[entry.locator] = found
        return replace(entry, version=found.version)

    def _fetched(self, entry: ListingEntry) -> Fetched:
        page = self._known.take(entry.locator)
        if page is None:
            return Gone(entry)
        home = page.parent.data_source_id
        if page.is_away or home is None or dashed(home) != self._source.scope:
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

    def _explain(self) -> None:
        """Raise InvalidSettings where the id is that of a database, which links show first."""
        found = self._client.retrieve_database(self._source.scope)
        if found is not None:
            tables = ", ".join(f"{each.id} ({each.name})" for each in found.data_sources)
            raise InvalidSettings(
                f"{self._source.scope} is a database; register one of its data sources: {tables}"
            )

    def _id(self, page: str) -> str:
        source = self._source
        return document_id(source.connector, source.identity, self._stream, plain_id(page))
