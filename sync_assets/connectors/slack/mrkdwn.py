"""Pure: Slack's own markup -> markdown. People stay ids: names change, texts must not.

https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Iterator

from pydantic import JsonValue

from sync_assets.connectors.slack.payloads import Attachment, Message

_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_REFERENCE = re.compile(r"<(?P<what>[^<>|\n]+)(?:\|(?P<label>[^<>\n]*))?>")
_BOLD = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])")
_STRUCK = re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])")
_ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_MENTION = re.compile(r"<@([A-Z0-9]+)>")
_DEEPEST = 20


def words(message: Message) -> str:
    """All that a message says: its text, else its blocks; attachments; files by name and link."""
    if message.is_deleted:
        return "(deleted)"
    said = message.text or "\n".join(_of_blocks(message.blocks, 0))
    parts = [markdown(said)]
    parts += [_attachment(each) for each in message.attachments]
    for file in message.files:
        name = file.title or file.name or "file"
        parts.append(f"[{name}]({file.permalink})" if file.permalink else name)
    return "\n\n".join(part for part in parts if part)


def markdown(text: str) -> str:
    """Outside of code, bold, struck and references as markdown writes them."""
    pieces = _CODE.split(text)
    return "".join(
        _unescaped(_REFERENCE.sub(_code_reference, piece)) if odd % 2 else _plain(piece)
        for odd, piece in enumerate(pieces)
    )


def mentioned(text: str) -> list[str]:
    """The ids of people that a text names."""
    return _MENTION.findall(text)


def named(text: str, names: dict[str, str]) -> str:
    """A text for people: `<@U1>` by name."""
    return _MENTION.sub(lambda found: f"@{names.get(found[1], found[1])}", text)


def _plain(text: str) -> str:
    text = _STRUCK.sub(r"~~\1~~", _BOLD.sub(r"**\1**", text))
    return _unescaped(_REFERENCE.sub(_reference, text))


def _reference(found: re.Match[str]) -> str:
    what, label = found["what"], found["label"]
    if what.startswith("@"):
        return f"<{what}>"
    if what.startswith("#"):
        return f"#{label or what[1:]}"
    if what.startswith("!"):
        return label or f"@{what[1:].split('^')[0]}"
    return f"[{label}]({what})" if label and label != what else what


def _code_reference(found: re.Match[str]) -> str:
    """In code Slack links addresses too: what was typed is the label."""
    return found["label"] or found["what"]


def _unescaped(text: str) -> str:
    for escaped, sign in _ESCAPES:
        text = text.replace(escaped, sign)
    return text


def _attachment(attachment: Attachment) -> str:
    title = markdown(attachment.title or "")
    if title and attachment.title_link:
        title = f"[{title}]({attachment.title_link})"
    parts = [markdown(attachment.pretext or ""), title, markdown(attachment.text or "")]
    said = "\n".join(part for part in parts if part)
    return said or markdown(attachment.fallback or "")


def _of_blocks(value: JsonValue, depth: int) -> Iterator[str]:
    """The texts inside blocks, whatever their types: what we do not know still has its words."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for each in value:
            yield from _of_blocks(each, depth + 1)
    elif isinstance(value, dict):
        match value:
            case {"type": "user", "user_id": str(user)}:
                yield f"<@{user}>"
            case {"type": "link", "url": str(url)}:
                text = value.get("text")
                yield f"<{url}|{text}>" if isinstance(text, str) else f"<{url}>"
            case {"text": str(text)}:
                yield text
            case _:
                for name in ("text", "elements", "fields", "accessory"):
                    yield from _of_blocks(value.get(name), depth + 1)
