"""What a channel shows, read to its proven end: pages, days, threads."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sync_assets.connectors.base import Size
from sync_assets.connectors.slack.client import SlackClient, following
from sync_assets.connectors.slack.facts import Seen, belongs_to_day, seen_of
from sync_assets.connectors.slack.payloads import Message, Messages
from sync_assets.errors import PageTooLarge, SourceGone


class ChannelReader:
    """Reads one channel; `sizes` is how large the pages of its history may be, `calls` how many of
    them were asked for.
    """

    def __init__(self, client: SlackClient, sizes: Size) -> None:
        self._client = client
        self._sizes = sizes
        self.calls = 0

    def history(self, oldest_known: str | None) -> Seen:
        """All that the channel shows. Its end is proven by an empty page behind it, unless it is
        where it was: `has_more` has been known to be wrong.
        """
        messages, limited = self._pages()
        while messages and (oldest_known is None or messages[-1].ts > oldest_known):
            more, hidden = self._pages(latest=messages[-1].ts)
            limited = limited or hidden
            if not more or more[-1].ts >= messages[-1].ts:
                break
            messages += more
        return seen_of(messages, limited=limited)

    def day(self, day: str) -> Sequence[Message]:
        """What the day has beside threads, oldest first."""
        begin = datetime.fromisoformat(day).replace(tzinfo=UTC)
        end = begin + timedelta(days=1)
        first, last = (f"{each.timestamp():.0f}.000000" for each in (begin, end))
        found, latest = list[Message](), last
        while True:
            more, _ = self._pages(oldest=first, latest=latest)
            new = [each for each in more if each.ts not in {known.ts for known in found}]
            if not new:
                break
            found += new
            latest = min(each.ts for each in new)
        kept = {each.ts: each for each in found if each.day == day and belongs_to_day(each)}
        return [kept[ts] for ts in sorted(kept)]

    def replies(self, thread: str, *, patient: bool = False) -> Sequence[Message]:
        """The parent and its replies, oldest first; nothing where there is no such thread. Where
        there are fewer than it says, what is behind the last is asked for.
        """
        found = dict[str, Message]()
        while True:
            before, cursor, seen = len(found), "", set[str]()
            last = max(found, default=None)
            while True:
                try:
                    page = self._client.replies(
                        thread, self._sizes.most, cursor=cursor, oldest=last, patient=patient
                    )
                except SourceGone as error:
                    if "thread_not_found" not in str(error):
                        raise
                    return []
                # A later page's parent may have more replies by now than those that were read.
                for each in page.messages:
                    found.setdefault(each.ts, each)
                cursor = following(page.response_metadata.next_cursor, seen)
                if not cursor:
                    break
            messages = [found[ts] for ts in sorted(found)]
            if not messages or messages[0].ts != thread:
                return []
            if len(messages) > messages[0].reply_count or len(found) == before:
                return messages

    def _pages(
        self, *, oldest: str | None = None, latest: str | None = None
    ) -> tuple[list[Message], bool]:
        """As far as the pages go, newest first; whether older ones are hidden."""
        messages, cursor, seen, limited = list[Message](), "", set[str](), False
        while True:
            page = self._page(cursor, oldest, latest)
            messages += page.messages
            limited = limited or page.is_limited
            cursor = following(page.response_metadata.next_cursor, seen)
            if not cursor:
                return messages, limited

    def _page(self, cursor: str, oldest: str | None, latest: str | None) -> Messages:
        while True:
            size = self._sizes.now
            self.calls += 1
            try:
                page = self._client.history(
                    size, cursor=cursor, oldest=oldest, latest=latest, inclusive=oldest is not None
                )
            except PageTooLarge:
                if not self._sizes.halve(size):
                    raise
            else:
                self._sizes.worked()
                return page
