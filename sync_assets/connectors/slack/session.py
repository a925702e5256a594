"""The stream `conversations`: threads, and what a day has beside them.

Every listing reads the whole history of the channel, 200 messages a call: it shows late replies,
edits of what stands in the channel, and what a day lost. Threads that it shows to be moved are
read. A complete listing reads every thread: it sees edits of replies, and proves deletions.
"""

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
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
    shown_state,
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
MOST_HINTS = 20
"""More threads than this are found more cheaply by the history."""


class ConversationsSession(Session):
    """One channel. What a listing read is kept for the fetch that follows it."""

    most_items = 200

    def __init__(self, source: Source, stream: str, client: SlackClient) -> None:
        self._source = source
        self._stream = stream
        self._client = client
        self._reader = ChannelReader(client, self.pages)
        self._read: dict[str, list[Message]] = {}
        self._names: dict[str, str] | None = None
        self._lock = threading.Lock()

    def list(self, since: str | None) -> Listing:
        return self._sweep() if since is None else self._changes(Watermark.parse(since))

    def touched(self, since: str, hints: Sequence[Hint]) -> Listing | None:
        """The threads named, and the days that show their messages."""
        watermark = Watermark.parse(since)
        times = {str(hint.get(name)) for hint in hints for name in ("thread_ts", "ts")}
        threads = sorted({str(hint.get("thread_ts")) for hint in hints})
        if len(threads) > MOST_HINTS or not all(map(is_time, times)):
            return None
        days = sorted({f"{moment(ts):%Y-%m-%d}" for ts in times})
        if watermark.limited and days[0] <= _horizon(watermark):
            return None  # the plan hides a part of that day
        entries, gone, edits = list[ListingEntry](), list[str](), {**watermark.edits}
        for thread in threads:
            messages = self._reader.replies(thread)
            edits.pop(thread, None)
            if len(messages) <= 1:
                gone.append(self._id(f"{THREAD}{thread}"))
                continue
            parent, edited = messages[0], edits_of(messages[1:])
            if edited:
                edits[thread] = [shown_state(parent), edited]
            self._keep(f"{THREAD}{thread}", messages)
            entries.append(self._thread_entry(parent, edited))
        for day in days:
            shown = self._reader.day(day)
            if not shown:
                gone.append(self._id(f"{DAY}{day}"))
                continue
            self._keep(f"{DAY}{day}", shown)
            entries.append(self._entry(f"{DAY}{day}", day, day_version(shown)))
        return Listing(str(replace(watermark, edits=edits)), entries, complete=False, gone=gone)

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
        seen = self._reader.history(oldest_known=None)
        read = self._threads(seen.threads)
        watermark = Watermark(seen.latest, seen.oldest, team_url, name, seen.limited)
        return self._listing(seen, watermark, read)

    def _changes(self, since: Watermark) -> Listing:
        seen = self._reader.history(oldest_known=since.oldest)
        moved = [
            parent
            for parent in seen.threads
            if seen.active[parent.ts] > since.latest or since.is_doubtful(parent)
        ]
        read = self._threads(moved)
        watermark = replace(
            since,
            latest=max(since.latest, seen.latest),
            oldest=seen.oldest,
            limited=seen.limited,
        )
        listing = self._listing(seen, watermark, read)
        gone = [self._id(f"{DAY}{day}") for day in sorted(seen.empty_days)]
        return replace(listing, complete=False, current=True, gone=gone)

    def _listing(self, seen: Seen, watermark: Watermark, read: Mapping[str, str]) -> Listing:
        watermark = watermark.with_edits(seen.threads, read)
        entries = list[ListingEntry]()
        for parent in seen.threads:
            entries.append(self._thread_entry(parent, watermark.edits.get(parent.ts, ["", ""])[1]))
        for day, messages in seen.days.items():
            self._keep(f"{DAY}{day}", messages)
            entries.append(self._entry(f"{DAY}{day}", day, day_version(messages)))
        entries.sort(key=lambda entry: entry.version.endswith(UNREAD))
        return Listing(watermark=str(watermark), entries=entries)

    def _threads(self, parents: Sequence[Message]) -> Mapping[str, str]:
        """Thread -> what was edited. Where Slack limits us, the rest is left to the fetch and to
        the next listings: a channel may have more threads than can be read at once.
        """
        read = dict[str, str]()
        for parent in parents:
            try:
                read[parent.ts] = self._thread(parent)
            except RateLimited:
                return dict.fromkeys((each.ts for each in parents), UNREAD) | read
            except UnexpectedPayload:
                read[parent.ts] = UNREAD  # what is wrong with it, the fetch will say
        return read

    def _thread(self, parent: Message) -> str:
        """Read it, keep it for the fetch, and say what was edited."""
        messages = self._reader.replies(parent.ts)
        if not messages:
            return ""
        self._keep(f"{THREAD}{parent.ts}", messages)
        return edits_of(messages[1:])

    def _fetched(self, entry: ListingEntry, context: Watermark) -> Fetched:
        with self._lock:
            messages: Sequence[Message] = self._read.pop(entry.locator, [])
        is_thread = entry.locator.startswith(THREAD)
        if not messages:
            name = entry.locator.partition(":")[2]
            messages = self._reader.replies(name) if is_thread else self._reader.day(name)
        if not messages or (is_thread and len(messages) == 1):
            return Gone(entry)
        if is_thread:
            version = thread_version(messages[0], edits_of(messages[1:]))
        else:
            version = day_version(messages)
        return conversation_document(entry, version, messages, context, self._people(messages))

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
