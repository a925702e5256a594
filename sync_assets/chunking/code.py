"""Source code by syntax: one definition a chunk, never merged with another."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from sync_assets.chunking.grammars import parsed
from sync_assets.chunking.languages import Language
from sync_assets.chunking.spans import LIMIT, Span, pack

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_PARSED = 512 * 1024
"""Characters: longer files are generated or data, and are cut by lines without being parsed."""

_MAX_DEPTH = 64
"""Nodes: what is nested deeper than people write is cut by lines."""
_MAX_NAME = 120
_CLOSING = re.compile(
    r"(?:(?<=})[^\S\n]*//[^\n]*|#endif[^\n]*|[^\w\s]|\s"
    r"|\b(?:end|fi|done|else|private|public|protected|static)\b)*+"
)
"""What says nothing alone: brackets, `end`, `} // namespace x`."""
_RECEIVER = re.compile(r"(\w+)(?:\[[^\]]*\])?\s*\)\Z")
_LINE_REST = re.compile(r"[^\S\n]*[;,]?[^\S\n]*(?:(?://|#|/\*|--)[^\n]*)?(?=\n|\Z)")


def code_spans(text: str, language: Language) -> Iterator[Span]:
    """Definitions and what stands between them, in order.

    A definition within `LIMIT` is one span, with the comments and decorators directly above it.
    A larger one yields the definitions inside it (`Class.method`) and the rest, cut between
    statements. Syntax errors do no harm: what is not recognised is cut by lines. Raises TooCostly.
    """
    data = text.encode()
    found, cuts = _walk(data, language)
    if len(data) != len(text):
        at = _code_points(data, {place for d in found for place in d[:2]}.union(cuts))
        found = [(at[start], at[end], symbol) for start, end, symbol in found]
        cuts = [at[cut] for cut in cuts]
    lines = (_line_start(text, cut) for cut in cuts)
    whole = [_whole_lines(text, *definition) for definition in sorted(found, key=_outer_first)]
    return _flatten(
        text, whole, sorted(line for line in lines if line == 0 or text[line - 1] == "\n")
    )


_Definition = tuple[int, int, str | None]
"""Start, end, qualified name."""


class _Inside(NamedTuple):
    """A node to look into: `large` ones may be cut between children. `lead` is where a comment
    directly above the first child starts, `lead_row` where it ends.
    """

    node: "Node"
    large: bool = True
    scope: str | None = None
    depth: int = 0
    lead: int | None = None
    lead_row: int = -1


def _outer_first(definition: _Definition) -> tuple[int, int]:
    return definition[0], -definition[1]


def _walk(data: bytes, language: Language) -> tuple[list[_Definition], list[int]]:
    """Definitions, and the statement starts inside large nodes, in byte offsets."""
    found: list[_Definition] = []
    cuts: list[int] = []
    pending = [_Inside(parsed(data, language).root_node)]
    while pending:
        parent, divisible, scope, depth, lead, lead_row = pending.pop()
        before: Node | None = None
        for node in parent.children:
            kind = node.type
            if lead is not None and node.start_point.row - lead_row > 1:
                lead = None
            if kind in language.leads and not _ends_on_its_line(before, node):
                lead = node.start_byte if lead is None else lead
                last = node.end_point
                lead_row = last.row - (last.column == 0)
                continue
            start = node.start_byte if lead is None else lead
            passed, lead, before = lead, None, node
            large = node.end_byte - start > LIMIT
            holds = kind in language.definitions or kind in language.wrappers
            held = _held(data, node, language) if holds else None
            if held is not None:
                inner, name = held
                passed, opened = None, False
                symbol = f"{scope}.{name}" if scope and name else name or scope
                found.append((start, node.end_byte, symbol))
            else:
                inner, symbol = node, scope
                if divisible and node.is_named:
                    cuts.append(start)
                opened = kind in language.open and node.is_named
                if opened and not kind.startswith("preproc") and (name := _name(data, node)):
                    symbol = f"{scope}.{name}" if scope else name
            if (large or opened) and depth < _MAX_DEPTH:
                pending.append(_Inside(inner, large, symbol, depth + 1, passed, lead_row))
    return found, cuts


def _ends_on_its_line(before: "Node | None", node: "Node") -> bool:
    """Whether what stands before a comment ends on the line on which the comment begins."""
    return before is not None and before.end_point.row >= node.start_point.row


def _held(data: bytes, node: "Node", language: Language) -> tuple["Node", str | None] | None:
    """The definition that a node is or wraps, and its name; the node is one or the other."""
    if node.type in language.values:
        return None
    name: str | None = None
    inner: Node | None = node
    while inner is not None and inner.is_named:
        kind = inner.type
        name = name or _name(data, inner)
        if kind in language.definitions:
            bodiless = kind.endswith("_specifier") and not inner.child_by_field_name("body")
            return None if bodiless else (inner, name)
        inner = next(
            (
                child
                for child in reversed(inner.named_children)
                if child.type in language.definitions or child.type in language.wrappers
            ),
            None,
        )
    return None


def _name(data: bytes, node: "Node") -> str | None:
    """What a node calls itself, as its grammar's fields say it."""
    match node.type:
        case "impl_item":
            named = node.child_by_field_name("type")
        case "assignment_expression":
            named = node.child_by_field_name("left")
        case "pair":
            named = node.child_by_field_name("key")
        case "field_definition":
            named = node.child_by_field_name("property")
        case "type_declaration":
            named = next((c for c in node.named_children if c.type.startswith("type_")), None)
            named = named and named.child_by_field_name("name")
        case "function_definition" | "type_definition":
            named = node.child_by_field_name("name") or _declared(node)
        case _:
            named = node.child_by_field_name("name")
    if named is None:
        return None
    name = " ".join(_text(data, named).split())[:_MAX_NAME]
    receiver = node.child_by_field_name("receiver") if node.type == "method_declaration" else None
    if receiver and (owner := _RECEIVER.search(_text(data, receiver))):
        return f"{owner[1]}.{name}"
    return name


def _text(data: bytes, node: "Node") -> str:
    """Of a node. Its own `text` would ask for the data again, and never give it back."""
    return data[node.start_byte : node.end_byte].decode()


def _declared(node: "Node") -> "Node | None":
    """The identifier inside C's nested declarators."""
    for _ in range(_MAX_DEPTH):
        inner = node.child_by_field_name("declarator")
        if inner is None and node.type == "reference_declarator":
            inner = node.named_children[-1]
        if inner is None:
            break
        node = inner
    return None if node.type in {"function_definition", "type_definition"} else node


def _code_points(data: bytes, offsets: Iterable[int]) -> dict[int, int]:
    """Byte offsets as code point offsets, in one pass over the data."""
    points: dict[int, int] = {}
    counted = point = 0
    for offset in sorted(offsets):
        point += len(data[counted:offset].decode())
        counted = offset
        points[offset] = point
    return points


def _line_start(text: str, at: int) -> int:
    """The start of the line if only white space stands before `at`, else `at`."""
    start = text.rfind("\n", 0, at) + 1
    return start if start == at or text[start:at].isspace() else at


def _whole_lines(text: str, start: int, end: int, symbol: str | None) -> Span:
    rest = _LINE_REST.match(text, end)
    return Span(_line_start(text, start), rest.end() if rest else end, symbol)


def _flatten(text: str, definitions: list[Span], cuts: list[int]) -> Iterator[Span]:
    """Nested definitions as spans side by side: each, and what is left of the one around it."""
    done = 0
    last: Span | None = None
    around = [Span(0, len(text))]

    def rest(outer: Span, until: int) -> Iterator[Span]:
        """What `outer` still holds before `until`; closing brackets join what they close."""
        nonlocal done, last
        if last and done > outer.start and _CLOSING.fullmatch(text, done, until):
            last = Span(last.start, until, last.symbol)
        else:
            for span in pack(text, done, until, outer.symbol, cuts):
                if last:
                    yield last
                last = span
        done = until

    for definition in definitions:
        while definition.start >= around[-1].end:
            inner = around.pop()
            yield from rest(inner, inner.end)
        outer = around[-1]
        if len(around) > 1 and outer.end - outer.start <= LIMIT:
            continue
        start, end = max(definition.start, done), min(definition.end, outer.end)
        yield from rest(outer, start)
        around.append(Span(start, end, definition.symbol))
    for inner in reversed(around):
        yield from rest(inner, inner.end)
    if last:
        yield last
