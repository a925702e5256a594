"""Parsers: one a thread and language, made when first needed."""

import threading
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from sync_assets.chunking.languages import Language

if TYPE_CHECKING:
    from tree_sitter import Language as Grammar
    from tree_sitter import Parser

_threads = threading.local()


def parser_for(language: Language) -> "Parser":
    """This thread's parser (parsers hold state, so threads share none)."""
    from tree_sitter import Parser

    parsers: dict[str, Parser] = _threads.__dict__
    key = f"{language.module}.{language.function}"
    if key not in parsers:
        parsers[key] = Parser(_grammar(language.module, language.function))
    return parsers[key]


@cache
def _grammar(module: str, function: str) -> "Grammar":
    from tree_sitter import Language as Grammar

    pointer: object = getattr(import_module(module), function)()
    return Grammar(pointer)
