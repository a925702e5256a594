"""From a document to its chunks: pure, deterministic, every character accounted for.

Code is cut by syntax, markdown by heading, everything else by lines. The chunks of a document
are in order, do not overlap, and cover every character that is not white space.
"""

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from sync_assets.chunking.code import MAX_PARSED, code_spans
from sync_assets.chunking.conversation import conversation_spans
from sync_assets.chunking.grammars import TooCostly
from sync_assets.chunking.languages import language_of
from sync_assets.chunking.markdown import markdown_spans
from sync_assets.chunking.spans import LIMIT, Span, pack, trim
from sync_assets.conversation import ANCHORS
from sync_assets.models import Chunk, Document, chunk_id, digest

CHUNKER_VERSION = 1
"""Grows with every change that moves a chunk; stored chunks of another version are rebuilt."""

_MARKDOWN = frozenset({".md", ".markdown", ".mdown", ".mkd", ".mdx", ".qmd", ".rmd"})
_LONG_LINE = 250
"""Characters: code whose lines are longer on average was not written by people."""


class Cut(NamedTuple):
    """A document's chunks. `unparsed`: by lines, because parsing it took more than its time."""

    chunks: list[Chunk]
    unparsed: bool


def chunk_document(document: Document) -> list[Chunk]:
    """The chunks alone: see `cut`."""
    return cut(document).chunks


def cut(document: Document) -> Cut:
    """At least one chunk: a document without content gives one empty chunk, found by its header.

    A document with a path is cut by its file type. One without is markdown, which is what people
    write elsewhere, or with `anchors` in its metadata a conversation. `text` is exactly
    `document.text[start_char:end_char]`; only line feeds separate lines.
    """
    text = document.text
    try:
        found, unparsed = _spans(document, text), False
    except TooCostly:
        found, unparsed = pack(text, 0, len(text)), True
    spans = [span for raw in found if (span := trim(text, raw)) is not None]
    return Cut(_chunks(document, spans or [Span(0, 0)]), unparsed)


def _spans(document: Document, text: str) -> Iterable[Span]:
    if ANCHORS in document.metadata:
        return conversation_spans(text)
    path = document.path
    if path is None or PurePosixPath(path).suffix.lower() in _MARKDOWN:
        return markdown_spans(text)
    language = language_of(path, text)
    if language is None or len(text) > MAX_PARSED or _minified(text):
        return pack(text, 0, len(text))
    return code_spans(text, language)


def _minified(text: str) -> bool:
    return len(text) > LIMIT and len(text) > _LONG_LINE * (text.count("\n") + 1)


def _chunks(document: Document, spans: list[Span]) -> list[Chunk]:
    text = document.text
    place = document.path or document.title
    if document.title not in place:
        place = f"{place} > {document.title}"
    occurrences: dict[str, int] = {}
    chunks: list[Chunk] = []
    line, counted = 1, 0
    for position, (start, end, symbol) in enumerate(spans):
        piece = text[start:end]
        content_hash = digest(piece)
        occurrence = occurrences.get(content_hash, 0)
        occurrences[content_hash] = occurrence + 1
        line += text.count("\n", counted, start)
        counted = start
        chunks.append(
            Chunk(
                chunk_id=chunk_id(document.document_id, content_hash, occurrence),
                position=position,
                start_line=line,
                end_line=line + piece.count("\n"),
                start_char=start,
                end_char=end,
                text=piece,
                header=f"{place} > {symbol}" if symbol else place,
                content_hash=content_hash,
                symbol=symbol,
            )
        )
    return chunks
