"""Spans of a text, and packing lines into them where nothing better than lines is known."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

LIMIT = 1_500
"""Characters: a definition or section up to this size is one chunk, a larger one is split."""
PACKED_MIN, PACKED_MAX = 500, 1_000
"""Where a span that must be split is cut: near a small model's window (256 tokens)."""


class Span(NamedTuple):
    """`text[start:end]` (code points) and the qualified name of what it is part of."""

    start: int
    end: int
    symbol: str | None = None


def pack(
    text: str, start: int, end: int, symbol: str | None = None, cuts: Sequence[int] = ()
) -> Iterator[Span]:
    """`text[start:end]` whole if it fits `LIMIT`, else in pieces of PACKED_MIN to PACKED_MAX.

    A piece ends at the last of `cuts` (sorted offsets of line starts) in reach, else at a blank
    line, else at a line chosen by its content, so that an edit moves few later cuts; only a line
    that is too long itself is cut inside, at a space if there is one.
    """
    while end - start > LIMIT:
        cut = _cut(text, start, cuts)
        yield Span(start, cut, symbol)
        start = cut
    if start < end:
        yield Span(start, end, symbol)


def trim(text: str, span: Span) -> Span | None:
    """The span without blank lines at its ends and its last newline; None if it is all blank."""
    piece = text[span.start : span.end]
    solid = piece.lstrip()
    if not solid:
        return None
    first = piece.rfind("\n", 0, len(piece) - len(solid)) + 1
    last = piece.find("\n", len(piece.rstrip()))
    end = span.end if last < 0 else span.start + last
    return Span(span.start + first, end, span.symbol)


def _cut(text: str, start: int, cuts: Sequence[int]) -> int:
    low, high = start + PACKED_MIN, start + PACKED_MAX
    index = bisect_right(cuts, high) - 1
    if index >= 0 and cuts[index] > low:
        return cuts[index]
    blank = max(text.rfind("\n\n", low, high), text.rfind("\n\r\n", low, high))
    if blank >= 0:
        return text.index("\n", blank + 1) + 1
    last = text.rfind("\n", low, high)
    if last < 0:
        last = text.rfind("\n", start, low)
        return _inside_line(text, low, high) if last < 0 else last + 1
    first = text.find("\n", low, high) + 1
    if first > last:
        return first
    # The window's greatest line, read backwards, starts the next piece: a choice that does not
    # depend on where the window lies, made without a loop.
    mirrored = text[first:last][::-1]
    greatest = max(mirrored.split("\n"))
    offset = f"\n{mirrored}\n".index(f"\n{greatest}\n") + len(greatest)
    return last - offset


def _inside_line(text: str, low: int, high: int) -> int:
    space = text.rfind(" ", low, high)
    return high if space < 0 else space + 1
