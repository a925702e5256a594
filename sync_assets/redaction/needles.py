"""Where any of many words stands in a text, in one pass."""

from collections.abc import Iterator, Sequence

from ahocorasick_rs import BytesAhoCorasick, Implementation

WINDOW = 65_536
"""Bytes searched at once: a text that is nothing but needles makes no more places than these."""


class Needles:
    """Words to search for, each one byte long or longer."""

    def __init__(self, needles: Sequence[bytes]) -> None:
        self._search = BytesAhoCorasick(needles, implementation=Implementation.DFA)
        self._overlap = max(map(len, needles)) - 1

    def places(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where in `data` each stands, overlapping ones too, in order: the offset, which it is."""
        for begin in range(0, len(data), WINDOW):
            piece = data[begin : begin + WINDOW + self._overlap]
            found = self._search.find_matches_as_indexes(piece, overlapping=True)
            for at, needle in sorted((at, needle) for needle, at, _ in found if at < WINDOW):
                yield begin + at, needle
