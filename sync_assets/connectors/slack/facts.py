"""Pure: what a history shows of threads and days, and the versions that follow.

A history tells of each thread its parent, the number of replies and the latest: all but what
became of replies, which is known once the thread was read. So the version of a thread has two
parts, and a thread whose first part is as it is stored is not read again before the next sweep.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Self

from sync_assets.connectors.slack.mrkdwn import words
from sync_assets.connectors.slack.payloads import NOISE, Message
from sync_assets.models import digest

UNREAD = "unread"
"""In the place of a digest of edits: the thread is still to be read, so no version is its own."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """`latest` is the newest time of a post, reply or edit that was seen; `oldest` the oldest
    message that is visible, beyond which the plan hides others where `limited`.
    """

    latest: str
    oldest: str
    team_url: str
    channel_name: str
    limited: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(**json.loads(text))

    def __str__(self) -> str:
        """As `parse` reads it."""
        return json.dumps(asdict(self), separators=(",", ":"), sort_keys=True)


@dataclass(frozen=True, slots=True)
class Seen:
    """A history, sorted: parents of threads, and what each day has beside them."""

    threads: Sequence[Message]
    days: Mapping[str, Sequence[Message]]
    latest: str
    oldest: str
    limited: bool
    edited: Mapping[str, str]
    """Thread -> when one of its replies that stand in the channel too was last edited."""
    cut: str | None = None
    """The day of which the plan hides a part."""

    @property
    def empty_days(self) -> set[str]:
        """Days of which only threads are left, for certain."""
        return {parent.day for parent in self.threads}.difference(self.days, {self.cut})


def seen_of(messages: Iterable[Message], *, limited: bool) -> Seen:
    """What a history shows. Where the plan hides older messages, the oldest day is not whole and
    left out.
    """
    unique = sorted({each.ts: each for each in messages}.values(), key=lambda each: each.ts)
    oldest = unique[0].ts if unique else ""
    cut = unique[0].day if limited and unique else None
    threads, days, edited = list[Message](), dict[str, list[Message]](), dict[str, str]()
    for each in unique:
        if each.is_reply and each.thread_ts:
            edited[each.thread_ts] = max(each.edited_ts, edited.get(each.thread_ts, ""))
        if each.is_parent:
            threads.append(each)
        elif belongs_to_day(each) and each.day != cut:
            days.setdefault(each.day, []).append(each)
    times = [(each.ts, each.latest_reply or "", each.edited_ts) for each in unique]
    latest = max((max(each) for each in times), default="")
    return Seen(threads, days, latest, oldest, limited, edited, cut)


def belongs_to_day(message: Message) -> bool:
    """Whether a day shows it: it has no thread, or was told to the channel too."""
    return not message.is_parent and not message.is_deleted and message.subtype not in NOISE


def shown_state(parent: Message) -> str:
    """What a history shows of a thread."""
    facts = [
        parent.ts,
        parent.edited_ts,
        parent.is_deleted,
        parent.reply_count,
        parent.latest_reply,
        words(parent),
    ]
    return digest(json.dumps(facts))[:12]


def edits_of(replies: Iterable[Message]) -> str:
    """A digest of what became of replies: edits, and what changes without one; empty where they
    are as they were posted.
    """
    told = sorted(map(_said, (each for each in replies if each.edited_ts or each.may_change)))
    return digest(json.dumps(told))[:12] if told else ""


def thread_version(parent: Message, edits: str) -> str:
    """Changes with every change of a member."""
    return f"{shown_state(parent)}:{edits}"


def is_shown(version: str | None, parent: Message) -> bool:
    """Whether a thread of this version looked in a history as it does now."""
    return version is not None and version.partition(":")[0] == shown_state(parent)


def day_version(messages: Iterable[Message]) -> str:
    """Changes with every change of a member."""
    return digest(json.dumps(sorted(map(_said, messages))))


def _said(message: Message) -> tuple[str, str, str]:
    """Its words too: a link that unfolds, a file that is deleted, a bot that writes something else
    leave no mark of an edit.
    """
    return message.ts, message.edited_ts, words(message)
