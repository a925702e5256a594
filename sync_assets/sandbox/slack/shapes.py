"""Pure: the world's objects as Slack's Web API writes them."""

from collections.abc import Sequence
from typing import Any

from sync_assets.sandbox.slack.world import TEAM, Channel, Member, Message

Json = dict[str, Any]


def message(channel: Channel, each: Message) -> Json:
    """A message as histories and threads show it."""
    replies = channel.replies(each.ts)
    shown: Json = {"type": "message", "ts": each.ts, "text": each.text, "team": TEAM}
    if each.is_bot:
        shown |= {"bot_id": each.user, "subtype": "bot_message", "username": "deploys"}
    else:
        shown["user"] = each.user
    lists = {"attachments": [*each.attachments], "blocks": [*each.blocks], "files": _files(each)}
    shown |= {name: told for name, told in lists.items() if told}
    if each.subtype:
        shown |= {"subtype": each.subtype, "hidden": each.subtype == "tombstone"}
    if each.edited:
        shown["edited"] = {"user": each.user, "ts": each.edited}
    if replies:
        return shown | _thread(each, replies)
    if each.thread:
        parent = channel.messages.get(each.thread)
        shown |= {"thread_ts": each.thread, "parent_user_id": parent.user if parent else ""}
    return shown


def _files(each: Message) -> list[Json]:
    return [
        {"id": f"F{number}", "name": name, "title": name, "permalink": link}
        for number, (name, link) in enumerate(each.files)
    ]


def _thread(parent: Message, replies: Sequence[Message]) -> Json:
    users = sorted({reply.user for reply in replies})
    return {
        "thread_ts": parent.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "reply_users": users,
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": False,
    }


def member(each: Member) -> Json:
    """A member as users.list shows it."""
    profile = {"display_name": each.name, "real_name": each.name, "team": TEAM}
    return {
        "id": each.id,
        "team_id": TEAM,
        "name": each.name.lower().replace(" ", "."),
        "deleted": False,
        "real_name": each.name,
        "profile": profile,
        "is_bot": each.is_bot,
        "updated": 1,
    }


def channel(each: Channel) -> Json:
    """A channel as conversations.info shows it."""
    return {
        "id": each.id,
        "name": each.name,
        "created": int(each.created_at.timestamp()),
        "is_channel": True,
        "is_member": each.has_bot,
    }
