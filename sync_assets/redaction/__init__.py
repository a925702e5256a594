"""Pure: text -> text without secrets, and where they were.

Two searches, both led by searches for many words at once (Aho-Corasick), so that regular
expressions see little of a text:
tokens of known shape (tokens.py), and secrets that what stands before them gives away (marks.py;
assignments.py where that is a name).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import NamedTuple

from sync_assets.redaction.marks import Match, marks_at
from sync_assets.redaction.tokens import REACH, RUN, TOKEN_CHARACTERS, rules_at

RULES_VERSION = 2
"""Grows with every change of a rule, and of what is searched; documents redacted by
another version are fetched again."""

_CLASSES = bytes(97 if byte in TOKEN_CHARACTERS else 32 for byte in range(256))
_RUN = b"a" * RUN


@dataclass(frozen=True, slots=True)
class Finding:
    """A secret that was at `start:end` (code points) of the text given, on the 1-based `line`."""

    kind: str
    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Redacted:
    """`text` with each secret as `[REDACTED:<kind>]`; it has the same lines as the text given."""

    text: str
    found: tuple[Finding, ...]


def redact(text: str) -> Redacted:
    """Replace secrets. A text without any is returned as it is; doing it twice changes nothing:
    what was replaced may uncover what touched it, so the search is repeated until it is empty.

    Not found are values that look like words (`password = "correct horse"`), placeholders, and
    generated values without a digit that neither a shape nor a name gives away.
    """
    secrets: list[Match] = []
    redacted, places = text, list[_Place]()
    while True:
        more = [
            (_original(places, start), _original(places, end, is_end=True), kind)
            for start, end, kind in _search(redacted)
        ]
        merged = _merged(sorted(secrets + more, key=itemgetter(0)))
        if merged == secrets:
            break
        secrets = merged
        redacted, places = _replace(text, secrets)
    found: list[Finding] = []
    line, counted = 1, 0
    for start, end, kind in secrets:
        line += text.count("\n", counted, start)
        counted = start
        found.append(Finding(kind, start, end, line))
    return Redacted(redacted, tuple(found))


class _Place(NamedTuple):
    """Where a secret's replacement stands in the redacted text, and where the secret stood."""

    start: int
    end: int
    original_start: int
    original_end: int


def _replace(text: str, secrets: list[Match]) -> tuple[str, list[_Place]]:
    pieces: list[str] = []
    places: list[_Place] = []
    done = size = 0
    for start, end, kind in secrets:
        mark = f"[REDACTED:{kind}]" + "\n" * text.count("\n", start, end)
        pieces += text[done:start], mark
        size += start - done
        places.append(_Place(size, size + len(mark), start, end))
        size += len(mark)
        done = end
    return "".join([*pieces, text[done:]]), places


def _original(places: list[_Place], at: int, *, is_end: bool = False) -> int:
    """An offset of the redacted text in the original; inside a replacement, the secret's edge."""
    index = (bisect_left if is_end else bisect_right)(places, at, key=attrgetter("start")) - 1
    if index < 0:
        return at
    place = places[index]
    if at < place.end:
        return place.original_end if is_end else place.original_start
    return place.original_end + at - place.end


def _search(text: str) -> Iterator[Match]:
    data = text.encode("ascii", "replace")  # a byte a character: offsets stay the same
    yield from _tokens(text, data)
    yield from _marked(text, data)


def _tokens(text: str, data: bytes) -> Iterator[Match]:
    """Only long unbroken words are searched, a tenth of most texts."""
    classes = data.translate(_CLASSES)
    words: list[bytes] = []
    starts: list[int] = []
    places: list[int] = []
    size = 0
    start = classes.find(_RUN)
    while start >= 0:
        end = classes.find(b" ", start)
        end = len(data) if end < 0 else end
        begin = max(0, start - REACH)
        words.append(data[begin:end])
        starts.append(size)
        places.append(begin)
        size += end - begin + 1
        start = classes.find(_RUN, end)
    joined = b" ".join(words)
    done, last = 0, None
    for at, rule in rules_at(joined):
        word = bisect_right(starts, at) - 1
        place = places[word] + at - starts[word] - rule.before
        if place < done and rule is last:
            continue  # inside what the same rule matched: else hostile text would cost n squared
        if place >= 0 and (match := rule.pattern.match(text, place)):
            done, last = match.end(), rule
            yield match.start(), match.end(), rule.kind


def _marked(text: str, data: bytes) -> Iterator[Match]:
    for at, mark in marks_at(data.lower()):
        for find in mark.finders:
            if match := find(text, at):
                yield match


def _merged(matches: list[Match]) -> list[Match]:
    """Overlapping matches as one, named after the first."""
    merged: list[Match] = []
    for start, end, kind in matches:
        if merged and start < merged[-1][1]:
            first, last, named = merged[-1]
            merged[-1] = first, max(last, end), named
        else:
            merged.append((start, end, kind))
    return merged
