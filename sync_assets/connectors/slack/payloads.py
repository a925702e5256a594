"""What we read of Slack's JSON; all else is dropped at this door.

https://docs.slack.dev/reference/methods
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

NOISE = frozenset({"channel_join", "channel_leave", "group_join", "group_leave"})
"""Subtypes that nobody wrote."""
_TIME = r"^[1-9][0-9]{9}\.[0-9]{6}$"
Time = Annotated[str, Field(pattern=_TIME)]
"""Seconds since 1970 with six decimals, which also name a message. All are of as many digits from
2001 to 2286, so that texts are in the order of times; others are no times of Slack's.
"""


class Payload(BaseModel):
    """Base: unknown fields are ignored, for vendors add some every week."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


def is_time(text: str) -> bool:
    """Whether it is one of Slack's times."""
    return re.search(_TIME, text) is not None


def moment(ts: Time) -> datetime:
    """The time, as one."""
    return datetime.fromtimestamp(float(ts), UTC)


class Edited(Payload):
    """The last edit of a message."""

    ts: Time


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

    ts: Time
    subtype: str | None = None
    user: str | None = None
    bot_id: str | None = None
    username: str | None = None
    text: str = ""
    thread_ts: Time | None = None
    reply_count: int = 0
    latest_reply: Time | None = None
    edited: Edited | None = None
    files: list[File] = []
    attachments: list[Attachment] = []
    blocks: list[JsonValue] = []

    @property
    def at(self) -> datetime:
        """When it was posted."""
        return moment(self.ts)

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
    """A channel; `created` in seconds since 1970."""

    id: str
    name: str = ""
    created: int = 0


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
