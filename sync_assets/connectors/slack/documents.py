"""Pure: Slack's messages -> documents.

The text names people by id, so that a new name embeds nothing; names stand in title, author and
metadata, as they were when the document was read.
"""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from sync_assets.connectors.slack.facts import Watermark
from sync_assets.connectors.slack.mrkdwn import named, words
from sync_assets.connectors.slack.payloads import Message, moment
from sync_assets.conversation import ANCHORS, message, paragraphs
from sync_assets.models import Document, ListingEntry

_TITLE = 80


def conversation_document(
    entry: ListingEntry,
    version: str,
    messages: Sequence[Message],
    watermark: Watermark,
    names: Mapping[str, str],
) -> Document:
    """A thread, or a day where `messages` have no thread; oldest first."""
    first = messages[0]
    known = dict(names)
    channel = watermark.channel_name
    is_day = entry.locator.startswith("day:")
    said = " ".join(named(words(first), known).split())
    title = f"{first.day}, not in threads" if is_day else _shortened(said)
    author = None if is_day else known.get(first.speaker) or first.username or first.speaker
    links = [permalink(watermark.team_url, entry.key.split("/")[0], each) for each in messages]
    anchors: list[JsonValue] = [*links]
    mentioned = {each.speaker for each in messages}
    people: dict[str, JsonValue] = {
        user: known[user] for user in sorted(mentioned) if user in known
    }
    changed = max(max(each.ts, each.edited_ts) for each in messages)
    return Document(
        document_id=entry.document_id,
        key=entry.key,
        version=version,
        title=f"#{channel}: {title}",
        url=links[0],
        text=paragraphs(message(each.speaker, "wrote", each.at, words(each)) for each in messages),
        author=author,
        created_at=first.at,
        updated_at=moment(changed),
        metadata={
            "channel": channel,
            "kind": "day" if is_day else "thread",
            "messages": len(messages),
            "people": people,
            "names": anchors,
            ANCHORS: anchors,
        },
    )


def permalink(team_url: str, channel: str, message: Message) -> str:
    """Where a person sees the message."""
    link = f"{team_url.rstrip('/')}/archives/{channel}/p{message.ts.replace('.', '')}"
    return f"{link}?thread_ts={message.thread_ts}&cid={channel}" if message.is_reply else link


def _shortened(text: str) -> str:
    """Cut between words: of a secret that is cut in two, no rule knows the first half."""
    if len(text) <= _TITLE:
        return text
    cut = text[: _TITLE - 3]
    return (cut.rpartition(" ")[0] or cut).rstrip() + "..."
