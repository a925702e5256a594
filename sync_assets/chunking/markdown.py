"""Markdown: one section a chunk, from its heading to the next; fences are never headings."""

import re
from collections.abc import Iterator
from itertools import pairwise

from sync_assets.chunking.spans import LIMIT, Span, pack

_MARK = re.compile(
    r"^(?:[ \t>]*(?:[-*+][ \t]+|\d+[.)][ \t]+)?(?P<fence>`{3,}|~{3,})(?P<info>.*)"
    r"|[ ]{0,3}(?P<level>\#{1,6})(?:[ \t]+(?P<title>.*))?$"
    r"|[ ]{0,3}(?P<text>[^\s>#|\-+*`~].*)\n[ ]{0,3}(?P<rule>=+|-{2,})[ \t]*\r?$)",
    re.MULTILINE,
)
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n.*?^---[ \t]*\r?$", re.MULTILINE | re.DOTALL)
_BREAK = re.compile(r"(?:(?<=\n\n)|(?<=\n\r\n)|^(?=[ \t]*(?:[-*+]|\d+[.)])[ \t]))", re.MULTILINE)


def markdown_spans(text: str) -> Iterator[Span]:
    """Sections in order; `symbol` is the heading path ("Install > From source").

    A section over `LIMIT` is split at blank lines, list items and lines. ATX and setext headings
    count (https://spec.commonmark.org/0.31.2/#leaf-blocks), front matter belongs to the preamble.
    """
    fences, sections = _scan(text)
    for (start, symbol), (end, _) in pairwise([*sections, (len(text), None)]):
        cuts = _cuts(text, start, end, fences) if end - start > LIMIT else ()
        yield from pack(text, start, end, symbol, cuts)


def _scan(text: str) -> tuple[list[tuple[int, int]], list[tuple[int, str | None]]]:
    """Fenced spans, and the start and heading path of each section."""
    fences: list[tuple[int, int]] = []
    sections: list[tuple[int, str | None]] = [(0, None)]
    path: list[tuple[int, str]] = []
    front = _FRONT_MATTER.match(text)
    opened: re.Match[str] | None = None
    for mark in _MARK.finditer(text, front.end() if front else 0):
        if opened:
            if _closes(mark, opened):
                fences.append((opened.start(), mark.end()))
                opened = None
        elif mark["fence"]:
            if "`" not in mark["info"] or mark["fence"][0] == "~":
                opened = mark
        else:
            level = len(mark["level"]) if mark["level"] else 1 if mark["rule"][0] == "=" else 2
            title = (mark["title"] or mark["text"] or "").strip().rstrip("#").rstrip()
            path = [(above, name) for above, name in path if above < level]
            path.append((level, title))
            sections.append((mark.start(), " > ".join(name for _, name in path if name) or None))
    if opened:
        fences.append((opened.start(), len(text)))
    return fences, sections


def _closes(mark: re.Match[str], opened: re.Match[str]) -> bool:
    return bool(
        mark["fence"] and mark["fence"].startswith(opened["fence"]) and not mark["info"].strip()
    )


def _cuts(text: str, start: int, end: int, fences: list[tuple[int, int]]) -> list[int]:
    """Starts of paragraphs and list items in `text[start:end]`, outside fences."""
    inside = [fence for fence in fences if fence[0] < end and fence[1] > start]
    return [
        at
        for at in (match.start() for match in _BREAK.finditer(text, start, end))
        if not any(first < at < last for first, last in inside)
    ]
