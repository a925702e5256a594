"""What we read of Slack's JSON; all else is dropped at this door.

https://docs.slack.dev/reference/methods
"""

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

NOISE = frozenset({"channel_join", "channel_leave", "group_join", "group_leave"})
"""Subtypes that nobody wrote."""


class Payload(BaseModel):
    """Base: unknown fields are ignored, for vendors add some every week."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Edited(Payload):
    """The last edit of a message."""

    ts: str


class File(Payload):
    """A file by name and link; its content is not read."""

    name: str | None = None
    title: str | None = None
    permalink: str | None = None


class Attachment(Payload):
    """What a bot hangs below its message, or what a link unfolds to."""

    pretext: str | None = None
    title: str | None = None
    title_link: str | None = None
    text: str | None = None
    fallback: str | None = None


class Message(Payload):
    """A message; `ts` is unique in its channel and never changes."""

    ts: str = Field(pattern=r"^\d{1,12}\.\d{6}$")
    subtype: str | None = None
    user: str | None = None
    bot_id: str | None = None
    username: str | None = None
    text: str = ""
    thread_ts: str | None = None
    reply_count: int = 0
    latest_reply: str | None = None
    edited: Edited | None = None
    files: list[File] = []
    attachments: list[Attachment] = []
    blocks: list[JsonValue] = []

    @property
    def at(self) -> datetime:
        """When it was posted."""
        return datetime.fromtimestamp(float(self.ts), UTC)

    @property
    def day(self) -> str:
        """The UTC day: `2026-01-31`."""
        return f"{self.at:%Y-%m-%d}"

    @property
    def edited_ts(self) -> str:
        """The time of its last edit, empty where there was none."""
        return self.edited.ts if self.edited else ""

    @property
    def may_change(self) -> bool:
        """Whether it may come to say something else without being marked as edited."""
        return bool(self.attachments or self.files or self.bot_id)

    @property
    def is_reply(self) -> bool:
        """Whether it stands in another message's thread."""
        return self.thread_ts is not None and self.thread_ts != self.ts

    @property
    def is_parent(self) -> bool:
        """Whether it has a thread."""
        return not self.is_reply and self.reply_count > 0

    @property
    def is_deleted(self) -> bool:
        """Whether it only holds a thread's place."""
        return self.subtype == "tombstone"

    @property
    def speaker(self) -> str:
        """Who said it, by id: a name may change."""
        return (self.user or self.bot_id or self.username or "unknown").replace("*", "")


class Metadata(Payload):
    """How a list goes on."""

    next_cursor: str = ""


class Messages(Payload):
    """A page of a history or a thread. `is_limited`: the plan hides what is older."""

    ok: Literal[True]
    messages: list[Message]
    has_more: bool = False
    is_limited: bool = False
    response_metadata: Metadata = Metadata()


class Profile(Payload):
    """What a member is called."""

    display_name: str = ""
    real_name: str = ""


class Member(Payload):
    """A person or bot of the workspace."""

    id: str
    name: str = ""
    real_name: str = ""
    profile: Profile = Profile()

    @property
    def shown(self) -> str:
        """The name that Slack shows."""
        names = (self.profile.display_name, self.profile.real_name, self.real_name, self.name)
        return next((name for name in names if name), self.id)


class Members(Payload):
    """A page of the workspace's members."""

    ok: Literal[True]
    members: list[Member]
    response_metadata: Metadata = Metadata()


class MemberInfo(Payload):
    """Of users.info."""

    ok: Literal[True]
    user: Member


class Channel(Payload):
    """A channel."""

    id: str
    name: str = ""


class ChannelInfo(Payload):
    """Of conversations.info."""

    ok: Literal[True]
    channel: Channel


class Identity(Payload):
    """Of auth.test: whose token it is."""

    ok: Literal[True]
    url: str
    team_id: str


MESSAGES = TypeAdapter(Messages)
MEMBERS = TypeAdapter(Members)
MEMBER = TypeAdapter(MemberInfo)
CHANNEL = TypeAdapter(ChannelInfo)
IDENTITY = TypeAdapter(Identity)
