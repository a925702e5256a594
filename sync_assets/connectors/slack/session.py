"""The stream `conversations`: threads, and what a day has beside them.

Every listing reads the whole history of the channel, 200 messages a call: it shows late replies,
edits of what stands in the channel, and what a day lost. A changes listing has the threads that it
shows to be moved; a complete one has all of them read, sees edits of replies, and proves deletions.
Few threads are read by the listing, which then knows their versions; many are left to the fetch,
which reads several at a time and may be interrupted.
"""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from sync_assets.connectors.base import Hint, Session
from sync_assets.connectors.slack.client import SlackClient
from sync_assets.connectors.slack.documents import conversation_document
from sync_assets.connectors.slack.facts import (
    UNREAD,
    Seen,
    Watermark,
    day_version,
    edits_of,
    is_shown,
    thread_version,
)
from sync_assets.connectors.slack.mrkdwn import mentioned, words
from sync_assets.connectors.slack.payloads import Message, is_time, moment
from sync_assets.connectors.slack.reading import ChannelReader
from sync_assets.errors import RateLimited, SourceUnavailable, UnexpectedPayload
from sync_assets.models import (
    Fetched,
    FetchFailure,
    Gone,
    Listing,
    ListingEntry,
    Source,
    document_id,
)

THREAD, DAY = "thread:", "day:"
PEOPLE = ("U", "W")
"""With which ids of members begin; those of bots begin with B."""
MANY = 20
"""Threads: more are found more cheaply by the history than by name, and left to the fetch by a
listing.
"""


class ConversationsSession(Session):
    """One channel. What a listing read is kept for the fetch that follows it.

    Each run reads the history, so it reads as many threads, however long Slack makes it wait for
    its minutes; beyond that a limit ends it.
    """

    most_items = 200

    def __init__(self, source: Source, stream: str, client: SlackClient) -> None:
        self._source = source
        self._stream = stream
        self._client = client
        self._reader = ChannelReader(client, self.pages)
        self._read: dict[str, list[Message]] = {}
        self._names: dict[str, str] | None = None
        self._known: Callable[[], Mapping[str, str]] = dict
        self._owed = 0
        self._lock, self._turn = threading.Lock(), threading.Lock()

    def knows(self, versions: Callable[[], Mapping[str, str]]) -> None:
        self._known = versions

    def list(self, since: str | None) -> Listing:
        before = self._reader.calls
        listing = self._sweep() if since is None else self._changes(Watermark.parse(since))
        self._owed = self._reader.calls - before
        return listing

    def touched(self, since: str, hints: Sequence[Hint]) -> Listing | None:
        """The threads named, and the days that show their messages."""
        watermark = Watermark.parse(since)
        times = {str(hint.get(name)) for hint in hints for name in ("thread_ts", "ts")}
        threads = sorted({str(hint.get("thread_ts")) for hint in hints})
        if len(threads) > MANY or not all(map(is_time, times)):
            return None
        days = sorted({f"{moment(ts):%Y-%m-%d}" for ts in times})
        if watermark.limited and days[0] <= _horizon(watermark):
            return None  # the plan hides a part of that day
        entries, gone = list[ListingEntry](), list[str]()
        for thread in threads:
            messages = self._reader.replies(thread)
            if len(messages) <= 1:
                gone.append(self._id(f"{THREAD}{thread}"))
                continue
            self._keep(f"{THREAD}{thread}", messages)
            entries.append(self._thread_entry(messages[0], edits_of(messages[1:])))
        for day in days:
            shown = self._reader.day(day)
            if not shown:
                gone.append(self._id(f"{DAY}{day}"))
                continue
            self._keep(f"{DAY}{day}", shown)
            entries.append(self._entry(f"{DAY}{day}", day, day_version(shown)))
        return Listing(since, entries, complete=False, gone=gone)

    def fetch(self, entries: Sequence[ListingEntry], watermark: str) -> Iterator[Fetched]:
        context = Watermark.parse(watermark)
        for entry in entries:
            try:
                yield self._fetched(entry, context)
            except (UnexpectedPayload, SourceUnavailable) as error:
                yield FetchFailure(entry, error)

    def confirm_gone(self, keys: Mapping[str, str], watermark: str) -> Collection[str]:
        """Not what the plan hides: absence says nothing of it."""
        context = Watermark.parse(watermark)
        if not context.limited:
            return keys.keys()
        horizon = _horizon(context)
        return {key for key, name in keys.items() if name.split("/")[1] > horizon}

    def _sweep(self) -> Listing:
        team_url, name = self._client.auth_test().url, self._client.info().name
        seen, known = self._reader.history(oldest_known=None), self._known()
        watermark = Watermark(seen.latest, seen.oldest, team_url, name, seen.limited)
        entries = [*self._days(seen, known), *self._unread(seen.threads)]
        return Listing(str(watermark), entries)

    def _changes(self, since: Watermark) -> Listing:
        seen, known = self._reader.history(oldest_known=since.oldest), self._known()
        days = [
            each for each in self._days(seen, known) if each.version != known.get(each.document_id)
        ]
        moved = [
            parent
            for parent in seen.threads
            if seen.edited.get(parent.ts, "") > since.latest
            or not is_shown(known.get(self._id(f"{THREAD}{parent.ts}")), parent)
        ]
        watermark = replace(
            since,
            latest=max(since.latest, seen.latest),
            oldest=seen.oldest,
            limited=seen.limited,
        )
        return Listing(
            str(watermark),
            [*days, *self._unread(moved)],
            complete=False,
            current=True,
            gone=[self._id(f"{DAY}{day}") for day in sorted(seen.empty_days)],
        )

    def _days(self, seen: Seen, known: Mapping[str, str]) -> Iterator[ListingEntry]:
        """Each day; the messages of those that are new are kept for the fetch."""
        for day, messages in seen.days.items():
            entry = self._entry(f"{DAY}{day}", day, day_version(messages))
            if known.get(entry.document_id) != entry.version:
                self._keep(entry.locator, messages)
            yield entry

    def _unread(self, threads: Sequence[Message]) -> Sequence[ListingEntry]:
        """Threads that are to be read, by the fetch where they are many."""
        entries = [self._thread_entry(parent, UNREAD) for parent in threads]
        return entries if len(entries) > MANY else [*map(self._read_now, entries)]

    def _read_now(self, entry: ListingEntry) -> ListingEntry:
        """With its version, unless it cannot be read: what is wrong, the fetch will say."""
        try:
            messages = self._reader.replies(entry.locator.removeprefix(THREAD))
        except (RateLimited, SourceUnavailable, UnexpectedPayload):
            return entry
        if len(messages) <= 1:
            return entry
        self._keep(entry.locator, messages)
        return replace(entry, version=thread_version(messages[0], edits_of(messages[1:])))

    def _fetched(self, entry: ListingEntry, context: Watermark) -> Fetched:
        with self._lock:
            messages: Sequence[Message] = self._read.pop(entry.locator, [])
        is_thread = entry.locator.startswith(THREAD)
        if not messages:
            name = entry.locator.partition(":")[2]
            messages = self._replies(name) if is_thread else self._reader.day(name)
        if not messages or (is_thread and len(messages) == 1):
            return Gone(entry)
        if is_thread:
            version = thread_version(messages[0], edits_of(messages[1:]))
        else:
            version = day_version(messages)
        return conversation_document(entry, version, messages, context, self._people(messages))

    def _replies(self, thread: str) -> Sequence[Message]:
        with self._lock:
            patient, self._owed = self._owed > 0, self._owed - 1
        if not patient:
            return self._reader.replies(thread)
        with self._turn:  # several that wait for one call of a minute would come to no end
            return self._reader.replies(thread, patient=True)

    def _people(self, messages: Sequence[Message]) -> Mapping[str, str]:
        """The names of those who speak, and of those whom the title names: members as they are
        listed, once; others one by one.
        """
        wanted = {each.speaker for each in messages if not each.is_deleted}
        wanted.update(mentioned(words(messages[0])))
        with self._lock:
            if self._names is None:
                self._names = {each.id: each.shown for each in self._client.users()}
            for user in sorted(wanted - self._names.keys()):
                if user.startswith(PEOPLE):
                    found = self._client.user(user)
                    self._names[user] = found.shown if found else user
            return {user: self._names[user] for user in wanted if user in self._names}

    def _keep(self, locator: str, messages: Sequence[Message]) -> None:
        with self._lock:
            self._read[locator] = [*messages]

    def _thread_entry(self, parent: Message, edits: str) -> ListingEntry:
        name = f"{parent.day}/{parent.ts}"
        return self._entry(f"{THREAD}{parent.ts}", name, thread_version(parent, edits))

    def _entry(self, locator: str, name: str, version: str) -> ListingEntry:
        key = f"{self._client.channel}/{name}"
        return ListingEntry(self._id(locator), key, version, locator)

    def _id(self, vendor_id: str) -> str:
        source = self._source
        return document_id(source.connector, source.identity, self._stream, vendor_id)


class DistributedSession(ConversationsSession):
    """As an app that is distributed outside of the Marketplace may read."""

    most_items = 15


def _horizon(watermark: Watermark) -> str:
    """The day of the oldest message that the plan shows."""
    return f"{moment(watermark.oldest):%Y-%m-%d}" if watermark.oldest else ""
