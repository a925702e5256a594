"""Parsers: one a thread and language, made when first needed."""

import threading
import time
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from sync_assets.chunking.languages import Language

if TYPE_CHECKING:
    from tree_sitter import Language as Grammar
    from tree_sitter import Point, Tree

SECONDS, SECONDS_A_BYTE = 0.25, 4e-6
"""Processor time that a text may cost, some ten times what the most costly real ones take: in a
shell, half a megabyte of `<<A` or `x=(` takes from ten seconds to minutes."""
_PIECE = 64

_threads = threading.local()


class TooCostly(Exception):
    """The text was not parsed to its end."""


def parsed(data: bytes, language: Language) -> "Tree":
    """The syntax tree of UTF-8 text; raises TooCostly where it takes more than its time.

    It is this thread's own time that counts: how busy the machine is changes nothing. Nodes know
    their places, not their texts.
    """
    readers: dict[str, _Reader] = _threads.__dict__  # parsers hold state, so threads share none
    key = f"{language.module}.{language.function}"
    if key not in readers:
        readers[key] = _Reader(_grammar(language.module, language.function))
    return readers[key].parse(data)


class _Reader:
    """A parser and the two questions it asks.

    tree-sitter's binding keeps a reference to every function it was given and to all that one
    returned (https://github.com/tree-sitter/py-tree-sitter/issues/464), so that these are the same
    for every text: two methods, and one buffer that is filled anew.
    """

    def __init__(self, grammar: "Grammar") -> None:
        from tree_sitter import Parser

        self._parser = Parser(grammar)
        self._rest, self._expired = self._rest_from, self._is_expired
        self._data = bytearray()
        self._until = self._until_at_least = 0.0

    def parse(self, data: bytes) -> "Tree":
        self._data[:] = data
        most = SECONDS + SECONDS_A_BYTE * len(data)
        self._until_at_least = time.perf_counter() + most
        self._until = time.thread_time() + most
        try:
            return self._parser.parse(self._rest, progress_callback=self._expired)
        except ValueError:
            if not self._is_expired():
                raise
            self._parser.reset()  # else the next text would go on from here
            raise TooCostly from None
        finally:
            self._data.clear()

    def _rest_from(self, at: int, _point: "Point") -> bytearray | bytes:
        # It is read in one piece; then the end is asked for, and sometimes what is just before it.
        if at >= len(self._data):
            return b""  # one object for all texts
        return self._data[at : at + _PIECE] if at else self._data

    def _is_expired(self, *_place: object) -> bool:
        # A thread works no longer than the clock runs, which costs a tenth to ask.
        return time.perf_counter() > self._until_at_least and time.thread_time() > self._until


@cache
def _grammar(module: str, function: str) -> "Grammar":
    from tree_sitter import Language as Grammar

    pointer: object = getattr(import_module(module), function)()
    return Grammar(pointer)
