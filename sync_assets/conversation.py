"""How a conversation reads as text, so that whoever cuts it knows where somebody begins to speak.

A message is a line `**login** commented on 2025-03-01:`, a blank line and the words. Words that
read like such a line, or like one of our headings, get a backslash: they render the same.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import cast

_SPEAKS = r"\*\*(?P<speaker>[^*\n]{1,100})\*\* [^\n]{1,200} on \d{4}-\d{2}-\d{2}:"
_APPENDIX = r"## (?:Files changed|Commits)"
_LINE = re.compile(rf"^(?:{_SPEAKS}|{_APPENDIX})$", re.MULTILINE)
_IMITATION = re.compile(rf"^(?={_LINE.pattern[1:-1]}[ \t]*$)", re.MULTILINE)
_HEADINGS = re.compile(r"(?:^#{2,3} [^\n]*\n|^\n)+\Z", re.MULTILINE)
ANCHORS = "anchors"
"""In a document's metadata: the URL of each message, in order. It marks a conversation."""
FILES_HEADING = "## Files changed"
COMMITS_HEADING = "## Commits"


@dataclass(frozen=True, slots=True)
class Turn:
    """From `start` (code points) on line `line` (1-based) `speaker` has the word; None: a list that
    nobody speaks. Headings above belong to it.
    """

    start: int
    line: int
    speaker: str | None


def message(speaker: str, did: str, at: datetime, words: str) -> str:
    """One message as text, without a blank line at its end."""
    said = quoted(words)
    line = f"**{speaker}** {did} on {at.astimezone(UTC):%Y-%m-%d}:"
    return f"{line}\n\n{said}" if said else line


def quoted(words: str) -> str:
    """Somebody's words: line feeds only, no blank ends, and nothing that reads like a turn."""
    text = words.replace("\r\n", "\n").replace("\r", "\n").strip()
    return _IMITATION.sub(r"\\", text)


def paragraphs(parts: Iterable[str]) -> str:
    """The parts, a blank line between them, and a line feed at the end."""
    return "\n\n".join(part for part in parts if part) + "\n"


@lru_cache(maxsize=8)
def turns(text: str) -> Sequence[Turn]:
    """Where the word passes on, in order; kept, since each chunk's link asks for it again."""
    return tuple(_turns(text))


def _turns(text: str) -> Iterator[Turn]:
    line, counted = 1, 0
    for found in _LINE.finditer(text):
        above = _HEADINGS.search(text, max(counted, found.start() - 500), found.start())
        start = found.start() if above is None else above.start()
        line += text.count("\n", counted, start)
        counted = start
        yield Turn(start, line, found["speaker"])


def anchor_at(text: str, anchors: object, line: int) -> str | None:
    """The URL of the message that has the word on that line; None: nobody has."""
    if not isinstance(anchors, list):
        return None
    urls = cast("list[object]", anchors)
    begun = [turn for turn in turns(text) if turn.line <= line]
    spoken = sum(turn.speaker is not None for turn in begun)
    if not begun or begun[-1].speaker is None or spoken > len(urls):
        return None
    return str(urls[spoken - 1])
