"""Pure: a build's events -> the lines that a person wants to read."""

import re
from collections.abc import Iterable

from sync_assets.connectors.vercel.payloads import BuildEvent

HEAD_LINES = 100
TAIL_LINES = 400
"""A failed build says why at its end; the beginning says what was built."""
LINE_CHARACTERS = 2_000
_SPOKEN = frozenset({"command", "stdout", "stderr", "fatal"})
_ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # colours, cursor moves
    r"|\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links
    r"|[@-Z\\-_]|[ -/]+[0-~])"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def log_lines(events: Iterable[BuildEvent]) -> list[str]:
    """The lines without terminal codes; a progress bar counts as its last state."""
    lines: list[str] = []
    for event in events:
        if event.type in _SPOKEN and event.text is not None:
            lines += [_plain(line) for line in _ANSI.sub("", event.text).split("\n")]
    return lines


def excerpt(lines: list[str]) -> list[str]:
    """Head and tail of a long log, and between them how much was left out."""
    left_out = len(lines) - HEAD_LINES - TAIL_LINES
    if left_out <= 0:
        return lines
    return [*lines[:HEAD_LINES], f"... {left_out} lines left out ...", *lines[-TAIL_LINES:]]


def _plain(line: str) -> str:
    written = line.rstrip("\r").rpartition("\r")[2]
    return _CONTROL.sub("", written)[:LINE_CHARACTERS].rstrip()
