"""Conversations: groups of whole messages, each chunk named after those who speak in it."""

from collections.abc import Iterator
from itertools import pairwise

from sync_assets.chunking.spans import PACKED_MAX, Span, pack
from sync_assets.conversation import turns


def conversation_spans(text: str) -> Iterator[Span]:
    """Spans in order; `symbol` names the speakers, also in the later pieces of a long message.

    Short messages that follow each other share a chunk up to `PACKED_MAX`; what stands before the
    first message (title, state) stays with it.
    """
    marks = [(turn.start, turn.speaker) for turn in turns(text)] or [(0, None)]
    marks[0] = (0, marks[0][1])
    start, speakers = 0, dict[str, None]()
    for (at, speaker), (end, _) in pairwise([*marks, (len(text), None)]):
        listed = speaker is None and at > 0
        if at > start and (end - start > PACKED_MAX or listed or not speakers):
            yield from _span(text, start, at, speakers)
            start, speakers = at, {}
        if speaker is not None:
            speakers[speaker] = None
    yield from _span(text, start, len(text), speakers)


def _span(text: str, start: int, end: int, speakers: dict[str, None]) -> Iterator[Span]:
    return pack(text, start, end, ", ".join(speakers) or None)
