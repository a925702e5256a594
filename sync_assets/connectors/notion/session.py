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
from datetime import datetime

from sync_assets.connectors.base import Hint, Session
from sync_assets.connectors.notion.client import NotionClient
from sync_assets.connectors.notion.facts import Watermark, unread_version
from sync_assets.connectors.notion.fetching import PageFetcher
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
    Listing,
    ListingEntry,
    Source,
    document_id,
)
from sync_assets.redaction import redact


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
        self._answered = reader.answered
        self._table = TableReader(client, source.scope, self.pages)
        self._known = KnownPages(client, self._table)
        self._fetcher = PageFetcher(client, source.scope, self._known, reader, comments=comments)
        self._read: dict[str, Document] = {}
        self._lock = threading.Lock()

    def list(self, since: str | None) -> Listing:
        try:
            return self._sweep() if since is None else self._changes(Watermark.parse(since))
        except SourceGone:
            self._explain()
            raise

    def touched(self, since: str, hints: Sequence[Hint]) -> Listing | None:
        """The pages named, each asked for and read."""
        named = {page for hint in hints if isinstance(page := hint.get("page"), str)}
        if not named or len(named) > MANY or any("page" not in hint for hint in hints):
            return None
        present, gone = list[Page](), list[str]()
        for each in sorted(named):
            page = self._client.retrieve_page(dashed(each))
            if page is not None and self._fetcher.is_here(page):
                present.append(page)
            else:
                gone.append(each)
        if gone:
            self._seen()  # a page is none of ours only where we see its table
        return Listing(since, self._entries(present), complete=False, gone=[*map(self._id, gone)])

    def fetch(self, entries: Sequence[ListingEntry], watermark: str) -> Iterator[Fetched]:  # noqa: ARG002 - the contract's
        for entry in entries:
            with self._lock:
                read = self._read.pop(entry.locator, None)
            try:
                yield read or self._fetcher.fetched(entry)
            except UnexpectedPayload as error:
                yield FetchFailure(entry, error)
            except SourceUnavailable as error:
                if not self._answered.is_set():
                    raise
                yield FetchFailure(entry, error)

    def _sweep(self) -> Listing:
        watermark = Watermark.of(self._seen())
        found, _ = self._table.pages(None)
        return Listing(watermark=str(watermark), entries=self._entries(found.values()))

    def _seen(self) -> datetime:
        """Notion's time. Raises SourceGone where there is no such table for us."""
        answer = self._client.retrieve_data_source(self._source.scope)
        if answer is None or answer[0].in_trash:
            raise SourceGone(
                f"Notion: data source {self._source.scope}: in the trash, deleted, or not shared"
                " with the connection"
            )
        return answer[1]

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
                key=f"{redact(title_of(page)).text}/{plain_id(page.id)}",
                version=unread_version(page),
                locator=page.id,
            )
            for page in present
        ]
        return entries if len(entries) > MANY else [*map(self._read_now, entries)]

    def _read_now(self, entry: ListingEntry) -> ListingEntry:
        """With its version, unless it cannot be read: what is wrong, the fetch will say."""
        try:
            found = self._fetcher.fetched(entry)
        except (RateLimited, SourceUnavailable, UnexpectedPayload):
            return entry
        if not isinstance(found, Document):
            return entry
        with self._lock:
            self._read[entry.locator] = found
        return replace(entry, version=found.version)

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
