"""The contract between the engine and every vendor: all that `sync` knows of a connector.

A connector is a folder with one `Connector` subclass, listed in `catalog.CONNECTORS`. The engine
opens a `Session` for a stream of one source, asks it for a listing, and then for documents in
batches from several threads at once. Everything a connector raises is a `SourceError` or
`InvalidSettings`.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, JsonValue

from sync_assets.http.clients import HttpClients
from sync_assets.models import Document, Fetched, Listing, ListingEntry, Source
from sync_assets.settings import Settings


class SourceSettings(BaseModel):
    """Base of a connector's per-source settings, stored as JSON in the registry."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Event:
    """What others may wait for: a document that is searchable now and tells that something is done.

    It becomes the asset `<connector>/<name>`, which nothing materializes: it is observed, once for
    each such document as it is stored. `facts` takes a document's metadata and gives those that
    are told; None: nothing is done yet, or the document is of another sort.
    """

    name: str
    description: str
    facts: Callable[[Mapping[str, JsonValue]], Mapping[str, str] | None]


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of document of a connector.

    `stages` are the asset names before the index: the first lists, the last holds documents
    (one name where listing and fetching are a single step). Streams of the same `feed`, which have
    one stage each, are listed and fetched by one asset over sessions that are opened together.
    `sweep` is how often a complete listing is due where `list(since)` gives only changes; None
    where every listing proves the whole. `batch_documents` is how many documents a batch has at
    most, where the setting's default is too much. `tells` is what others hear of once a document
    is indexed.
    """

    name: str
    stages: tuple[str, ...]
    description: str
    feed: str | None = None
    sweep: timedelta | None = None
    batch_documents: int | None = None
    tells: Event | None = None


AFTER_A_TIMEOUT = 25
"""Items of a batch or page after a time-out or a 502."""


class Size:
    """How many items to ask for at once: halved where that was too much, and grown back, one step
    after every GROW_AFTER successes. Safe from several threads.
    """

    GROW_AFTER: ClassVar[int] = 8

    def __init__(self, most: int, now: int | None = None) -> None:
        self.most = most
        self._now = min(most, max(1, now or most))
        self._successes = 0
        self._worked = self._failed = False
        self._lock = threading.Lock()

    @property
    def now(self) -> int:
        """The size to use for the next request."""
        return self._now

    def halve(self, failed: int | None = None) -> bool:
        """Asking for `failed` items (by default `now`) was too much. False where it was one."""
        with self._lock:
            asked = self._now if failed is None else failed
            self._now = max(1, min(self._now, asked // 2))
            self._successes, self._failed = 0, True
            return asked > 1

    def limit(self, size: int) -> None:
        """Ask for no more than `size`, until it has grown back."""
        with self._lock:
            self._now = max(1, min(self._now, size))
            self._successes, self._failed = 0, True

    def timed_out(self) -> bool:
        """It took too long: AFTER_A_TIMEOUT from now on. Where it was no more, half, and False: the
        vendor may be down, so try later.
        """
        if self._now > AFTER_A_TIMEOUT:
            self.limit(AFTER_A_TIMEOUT)
            return True
        self.halve()
        return False

    def begin(self, size: int) -> None:
        """Ask for no more than `size` at first: what was learned earlier."""
        with self._lock:
            self._now = max(1, min(self.most, size))

    def worked(self) -> None:
        """A request of this size was answered."""
        with self._lock:
            self._successes, self._worked = self._successes + 1, True
            if self._successes >= self.GROW_AFTER and self._now < self.most:
                self._now, self._successes = min(self.most, self._now * 2), 0

    def next_time(self) -> int:
        """The size to begin with later: one step larger where all went well, though it was little,
        so that a small source's sizes grow back too.
        """
        return min(self.most, self._now * 2) if self._worked and not self._failed else self._now


Hint = Mapping[str, JsonValue]
"""What a webhook says of the one thing that is to be read again; the connector's own words."""


class Session(ABC):
    """One source and stream, opened: its credentials, cache and connections.

    `pages` is how large the pages of its lists may be. The session halves it on PageTooLarge,
    calls `timed_out` on time-outs that it tries again, and `worked` for every good page; the engine
    takes a SourceUnavailable for a time-out, and keeps what was learned.
    """

    relists: ClassVar[bool] = False
    """Whether `relist` gives a listing again at next to no cost. Where not, the engine keeps it."""
    most_items: ClassVar[int] = 100
    """The vendor's largest page."""

    @cached_property
    def pages(self) -> Size:
        """The size of the next page."""
        return Size(self.most_items)

    def knows(self, versions: Callable[[], Mapping[str, str]]) -> None:  # noqa: B027 - most do not ask
        """Told before `list`: document -> its version as it is stored, or was listed and is on its
        way. For a vendor whose lists do not tell all that a version says: what looks as it did is
        no change. An audit does not tell it.
        """

    @abstractmethod
    def list(self, since: str | None) -> Listing:
        """What exists now. `since` is an earlier watermark: where nothing moved, the listing is
        `unchanged` and costs a poll; what moved may be all that is listed (`complete` is false).
        None asks for the whole.

        A complete listing takes its watermark before its first page, so that what moves while it
        is read is in the changes since.
        """

    def touched(
        self,
        since: str,  # noqa: ARG002 - the contract's
        hints: Sequence[Hint],  # noqa: ARG002 - the contract's
    ) -> Listing | None:
        """A changes listing of just what these hints name, as it is now. Its watermark still says
        of all else what `since` says: feeds find the rest. None where hints do not tell, or the
        vendor does not: `list(since)` is asked then. What the hints name comes again after
        that list, in parts: of ten, then each alone.
        """
        return None

    def relist(self, watermark: str) -> Listing:
        """The same listing again, as of a watermark that `list` returned earlier."""
        raise NotImplementedError(f"{type(self).__name__} keeps no listing {watermark}")

    @abstractmethod
    def fetch(self, entries: Sequence[ListingEntry], watermark: str) -> Iterator[Fetched]:
        """One `Fetched` for each entry, in any order, content checked. Safe from several threads.

        A raised `SourceError` fails the whole batch.
        """

    def confirm_gone(
        self,
        keys: Mapping[str, str],
        watermark: str,  # noqa: ARG002 - the contract's
    ) -> Collection[str]:
        """Of documents that a complete listing lacks, by id with their keys, those that are gone
        for certain. The others stay, and the next listing is a complete one again.
        """
        return keys.keys()


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that syncing a source takes: `call` does it, as little of it as there is, and says
    what it saw; where it raises, `needs` is what to grant.
    """

    name: str
    needs: str
    call: Callable[[], str]


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

    def defaults(self, settings: Settings) -> Mapping[str, JsonValue]:  # noqa: ARG002 - most: none
        """Settings of a new source where its operator chose none."""
        return {}

    def streams_of(self, source: Source) -> tuple[Stream, ...]:  # noqa: ARG002 - most have all
        """The streams that this source's settings ask for."""
        return self.streams

    @abstractmethod
    def link(self, source: Source, settings: Settings) -> str:
        """Where a person looks at the source."""

    def probes(self, source: Source, settings: Settings, http: HttpClients) -> Iterator[Probe]:  # noqa: ARG002 - the contract's
        """What `sources check` tries of a source, in an order in which the first that fails tells
        most; nothing is written. Making them raises InvalidSettings.
        """
        return iter(())

    def forget(self, source: Source, settings: Settings) -> None:  # noqa: B027 - most keep nothing
        """Delete what the connector itself keeps of a source that is removed: its caches."""

    def subjects(self, source: Source) -> Collection[str]:  # noqa: ARG002 - most: none
        """Under which names answers about the source are kept: see `http/conditional.py`."""
        return ()

    def scope_now(
        self,
        source: Source,
        settings: Settings,  # noqa: ARG002 - the contract's
        http: HttpClients,  # noqa: ARG002 - the contract's
    ) -> str:
        """The scope under which the vendor has the source now, by the vendor's own redirect from
        the one it had. Raises SourceError.
        """
        return source.scope

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
