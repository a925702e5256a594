"""What the sandbox's Slack holds: one workspace with channels, members, messages and threads."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

SANDBOX_TOKEN = "xoxb-sandbox-token"  # noqa: S105 - opens the sandbox, and nothing else
TEAM = "T0ACME"
TEAM_URL = "https://acme.slack.com/"


@dataclass(slots=True)
class Member:
    """Somebody of the workspace."""

    id: str
    name: str
    is_bot: bool = False


@dataclass(slots=True)
class Message:
    """A message; `thread` is the `ts` of the parent where it is a reply."""

    ts: str
    user: str
    text: str
    thread: str | None = None
    subtype: str | None = None
    edited: str | None = None
    is_broadcast: bool = False
    is_bot: bool = False
    files: Sequence[tuple[str, str]] = ()
    """Names and links."""
    attachments: Sequence[dict[str, Any]] = ()
    blocks: Sequence[dict[str, Any]] = ()


@dataclass(slots=True)
class Channel:
    """A channel; `has_bot` is whether our app was invited."""

    id: str
    name: str
    created_at: datetime
    messages: dict[str, Message] = field(default_factory=dict[str, Message])
    threads: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    has_bot: bool = True

    def replies(self, thread: str) -> list[Message]:
        """Of one thread, oldest first, without the parent."""
        return [self.messages[ts] for ts in sorted(self.threads.get(thread, ()))]


@dataclass(frozen=True, slots=True)
class SlackNews:
    """Something was said, or what was said has changed; a deleted message is told as it was."""

    action: Literal["posted", "edited", "deleted"]
    channel: Channel
    message: Message


Watcher = Callable[[SlackNews], object]


class SlackWorld:
    """The workspace. Safe from any thread; times are the sandbox's clock's."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._last = ""
        self.watchers: list[Watcher] = []
        self.channels: dict[str, Channel] = {}
        self.members: dict[str, Member] = {}
        self.tokens: set[str] = {SANDBOX_TOKEN}
        self.calls_a_minute: dict[str, int] = {}
        """Method -> how many calls; the others are not limited."""
        self.most_a_page = 999
        self.visible_days: int | None = None
        """What a plan shows; None: everything."""
        self.lies = 0
        """How many of the next pages that are not the last say that they are."""
        self.error: str | None = None
        """What every method answers, where set: `account_inactive`."""

    @property
    def now(self) -> datetime:
        """The sandbox's time."""
        return self._clock()

    def create_channel(self, channel: str, name: str) -> Channel:
        """An empty channel."""
        with self._lock:
            created = self.channels[channel] = Channel(channel, name, self.now)
            return created

    def join(self, user: str, name: str, channel: str | None = None) -> Member:
        """Somebody new, who may join a channel: a message that nobody wrote."""
        with self._lock:
            member = self.members[user] = Member(user, name)
            if channel is not None:
                self.post(channel, user, f"<@{user}> has joined", subtype="channel_join")
            return member

    def rename(self, user: str, name: str) -> None:
        """Somebody has another name now."""
        with self._lock:
            self.members[user].name = name

    def post(
        self,
        channel: str,
        user: str,
        text: str,
        *,
        at: datetime | None = None,
        subtype: str | None = None,
        files: Sequence[tuple[str, str]] = (),
        attachments: Sequence[dict[str, Any]] = (),
        blocks: Sequence[dict[str, Any]] = (),
        is_bot: bool = False,
    ) -> Message:
        """A message in the channel; `at` lets it be an old one."""
        with self._lock:
            message = Message(
                self._ts(channel, at),
                user,
                text,
                subtype=subtype,
                is_bot=is_bot,
                files=files,
                attachments=attachments,
                blocks=blocks,
            )
            return self._posted(channel, message)

    def reply(
        self,
        channel: str,
        parent: Message,
        user: str,
        text: str,
        *,
        at: datetime | None = None,
        broadcast: bool = False,
    ) -> Message:
        """In the thread of `parent`, told to the channel too where `broadcast`."""
        with self._lock:
            subtype = "thread_broadcast" if broadcast else None
            message = Message(self._ts(channel, at), user, text, parent.ts, subtype)
            message.is_broadcast = broadcast
            self.channels[channel].threads.setdefault(parent.ts, set()).add(message.ts)
            return self._posted(channel, message)

    def edit(self, message: Message, text: str) -> None:
        """Other words, from now on."""
        with self._lock:
            message.text, message.edited = text, self._ts(None, None)
            for channel in self.channels.values():
                if channel.messages.get(message.ts) is message:
                    self._tell("edited", channel, message)

    def delete(self, channel: str, message: Message) -> None:
        """Gone; a parent of replies leaves a tombstone until they are gone too."""
        with self._lock:
            found, before = self.channels[channel], replace(message)
            self._remove(found, message)
            self._tell("deleted", found, before)

    def is_visible(self, message: Message) -> bool:
        """Whether the plan shows it."""
        if self.visible_days is None:
            return True
        horizon = self.now - timedelta(days=self.visible_days)
        return float(message.ts) >= horizon.timestamp()

    def _posted(self, channel: str, message: Message) -> Message:
        found = self.channels[channel]
        found.messages[message.ts] = message
        self._tell("posted", found, message)
        return message

    def _tell(
        self, action: Literal["posted", "edited", "deleted"], channel: Channel, message: Message
    ) -> None:
        for watcher in self.watchers:
            watcher(SlackNews(action, channel, message))

    @staticmethod
    def _remove(found: Channel, message: Message) -> None:
        if found.replies(message.ts):
            message.text, message.subtype, message.user = (
                "This message was deleted.",
                "tombstone",
                "USLACKBOT",
            )
            message.files = message.attachments = message.blocks = ()
            return
        found.messages.pop(message.ts, None)
        found.threads.get(message.thread or "", set[str]()).discard(message.ts)
        parent = found.messages.get(message.thread or "")
        if parent and parent.subtype == "tombstone" and not found.replies(parent.ts):
            found.messages.pop(parent.ts)

    def _ts(self, channel: str | None, at: datetime | None) -> str:
        """Unique in its channel; times of now are after all that were given out."""
        ts = f"{(at or self.now).timestamp():.6f}"
        taken = {} if channel is None else self.channels[channel].messages
        while ts in taken or (at is None and ts <= self._last):
            seconds, _, micros = max(ts, "" if at else self._last).partition(".")
            ts = f"{seconds}.{int(micros) + 1:06d}"
        if at is None:
            self._last = ts
        return ts
