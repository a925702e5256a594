"""The contract between the engine and every vendor: all that `sync` knows of a connector.

A connector is a folder with one `Connector` subclass, listed in `catalog.CONNECTORS`. The engine
opens a `Session` for a stream of one source, asks it for a listing, and then for documents in
batches from several threads at once. Everything a connector raises is a `SourceError` or
`InvalidSettings`.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from sync_assets.http.clients import HttpClients
from sync_assets.models import Document, Fetched, Listing, ListingEntry, Source
from sync_assets.settings import Settings


class SourceSettings(BaseModel):
    """Base of a connector's per-source settings, stored as JSON in the registry."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of document of a connector.

    `stages` are the asset names before the index: the first lists, the last holds documents
    (one name where listing and fetching are a single step).
    """

    name: str
    stages: tuple[str, ...]
    description: str


class Session(ABC):
    """One source and stream, opened: its credentials, cache and connections."""

    @abstractmethod
    def list(self, since: str | None) -> Listing:
        """What exists now. `since` is an earlier watermark: where nothing moved, the listing is
        `unchanged` and costs a poll. None asks for the whole.
        """

    @abstractmethod
    def relist(self, watermark: str) -> Listing:
        """The same listing again, as of a watermark that `list` returned earlier."""

    @abstractmethod
    def fetch(self, entries: Sequence[ListingEntry], watermark: str) -> Iterator[Fetched]:
        """One `Fetched` for each entry, in any order, content checked. Safe from several threads.

        A raised `SourceError` fails the whole batch.
        """


class Connector(ABC):
    """Declarations of one vendor, and the way to its sessions. Holds no state."""

    name: ClassVar[str]
    title: ClassVar[str]
    scope_format: ClassVar[str]
    """How a scope reads, for help and errors: `owner/name`."""
    streams: ClassVar[tuple[Stream, ...]]
    settings_model: ClassVar[type[SourceSettings]]
    default_cron: ClassVar[str] = "*/15 * * * *"

    @abstractmethod
    def parse_scope(self, scope: str) -> str:
        """The scope in its one canonical spelling; InvalidSettings says what is wrong with it."""

    @abstractmethod
    def link(self, source: Source, settings: Settings) -> str:
        """Where a person looks at the source."""

    def forget(self, source: Source, settings: Settings) -> None:  # noqa: B027 - most keep nothing
        """Delete what the connector itself keeps of a source that is removed: its caches."""

    def lines_url(self, document: Document, start_line: int, end_line: int) -> str:
        """Where a person sees these lines of the document, at the version indexed."""
        if document.path is None:
            return document.url
        return f"{document.url}#L{start_line}-L{end_line}"

    @abstractmethod
    def open(
        self, source: Source, streams: Collection[str], settings: Settings, http: HttpClients
    ) -> AbstractContextManager[Mapping[str, Session]]:
        """A session for each of these streams, for one run; they may share what they see of the
        source. Closing ends the processes they started; `http` stays open.
        """
