"""Pure: enhanced markdown, in which Notion writes a whole page at once -> nodes.

https://developers.notion.com/guides/data-apis/enhanced-markdown

Tabs say what is inside what; tags stand for what markdown lacks. A tag that we do not know keeps
its words. Blocks that Notion leaves out stand as `<unknown>`, and become nodes that are `missing`.
"""

import re
from collections.abc import Callable, Sequence

from sync_assets.connectors.notion import nodes
from sync_assets.connectors.notion.nodes import Node
from sync_assets.connectors.notion.scope import block_of
from sync_assets.connectors.notion.tags import attributes_of, inline
from sync_assets.connectors.notion.text import link, media

_ATTRIBUTES = re.compile(r"\s*(?<!\\)\{(?:[a-z-]+=\"[^\"]*\"\s*)+\}$")
_OPENS = re.compile(r"<([a-z][a-z_-]*)((?:\s[^<>]*)?)(?<!/)>$")
_CLOSES = re.compile(r"</([a-z][a-z_-]*)>$")
_ALONE = re.compile(r"<([a-z][a-z_-]*)((?:\s[^<>]*)?)/>$")
_FILLED = re.compile(r"<([a-z][a-z_-]*)((?:\s[^<>]*)?)>(.*)</\1>$")
_IMAGE = re.compile(r"!\[(.*)\]\(([^\s()]*(?:\([^\s()]*\)[^\s()]*)*)\)$")
_TICKS = re.compile(r"(`{3,})([^`]*)$")
_HEADING = re.compile(r"(#{1,6}) (.*)$")
_ITEM = re.compile(r"(- \[[ x]\] |- |\d+\. )(.*)$", re.DOTALL)
_ROW = re.compile(r"<tr[^>]*>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<td[^>]*>(.*?)</td>", re.DOTALL)
_FILES = frozenset({"image", "file", "video", "audio", "pdf"})
_WITHOUT_WORDS = frozenset({"table_of_contents", "empty-block", "breadcrumb"})


def nodes_of(markdown: str) -> list[Node]:
    """The content of a page."""
    return _Parser(markdown).siblings(0)


class _Parser:
    """Reads lines one after the other; a line is its depth in tabs, and what it says."""

    def __init__(self, markdown: str) -> None:
        self._lines = [
            (len(line) - len(line.lstrip("\t")), line.lstrip("\t")) for line in markdown.split("\n")
        ]
        self._at = 0

    def siblings(self, depth: int, closing: str | None = None) -> list[Node]:
        """All from here that is that deep, or up to the closing tag."""
        found = list[Node]()
        while self._at < len(self._lines):
            level, text = self._lines[self._at]
            if closing is not None and text.rstrip() == closing:
                self._at += 1
                break
            if closing is None and text.strip() and level < depth:
                break
            self._at += 1
            if text.strip() and not _CLOSES.match(text.rstrip()):
                found.append(self._node(level, text.rstrip()))
        return found

    def _node(self, depth: int, text: str) -> Node:
        ticks = _TICKS.match(text)
        if ticks:
            code = self._until(depth, lambda line: line == ticks[1])
            return nodes.fenced(code, ticks[2].strip())
        if text == "$$":
            return nodes.formula(self._until(depth, lambda line: line == "$$"))
        if re.match(r"<table[\s>]", text):
            return _table(self._until(depth, lambda line: line == "</table>"))
        opened = _OPENS.match(text)
        if opened:
            inside = self.siblings(depth, f"</{opened[1]}>")
            icon = attributes_of(opened[2]).get("icon", "")
            return nodes.callout(icon, inside) if opened[1] == "callout" else Node(children=inside)
        return _line(_ATTRIBUTES.sub("", text), self._inside(depth))

    def _inside(self, depth: int) -> list[Node]:
        at = self._at
        while at < len(self._lines) and not self._lines[at][1].strip():
            at += 1
        deeper = at < len(self._lines) and self._lines[at][0] > depth
        return self.siblings(depth + 1) if deeper else []

    def _until(self, depth: int, ends: Callable[[str], bool]) -> str:
        """The lines before the one that ends it, as they are but for the tabs of their depth."""
        literal = list[str]()
        while self._at < len(self._lines):
            level, text = self._lines[self._at]
            self._at += 1
            if ends(text.rstrip()) and level <= depth:
                break
            literal.append("\t" * max(0, level - depth) + text)
        return "\n".join(literal)


def _line(text: str, inside: Sequence[Node]) -> Node:  # noqa: PLR0911 - one for each form of a line
    heading, item = _HEADING.match(text), _ITEM.match(text)
    if heading:
        return nodes.heading(len(heading[1]), inline(heading[2]), inside)
    if item:
        return nodes.item(item[1], inline(item[2]), inside)
    if text.startswith("> ") or text == ">":
        return nodes.quote(inline(text[2:]), inside)
    if text == "---":
        return nodes.divider()
    image = _IMAGE.match(text)
    if image:
        return Node(media("image", inline(image[1]), image[2]), inside)
    alone = _ALONE.match(text)
    if alone and not alone[1].startswith("mention-") and alone[1] != "br":
        return _alone(alone[1], attributes_of(alone[2]), inside)
    filled = _FILLED.match(text)
    if filled and filled[1] in _FILES:
        return Node(media(filled[1], inline(filled[3]), attributes_of(filled[2]).get("src", "")))
    if filled and filled[1] in {"page", "database"}:
        return Node(link(inline(filled[3]), attributes_of(filled[2]).get("url", "")))
    return Node(inline(text), inside)


def _alone(name: str, told: dict[str, str], inside: Sequence[Node]) -> Node:
    """A tag without words."""
    if name in _WITHOUT_WORDS or told.get("alt") in _WITHOUT_WORDS:
        return Node(children=inside)
    if name == "unknown":
        block, kind = block_of(told.get("url", "")), told.get("alt", "block")
        if block is not None:
            return Node(missing=block)
        return Node(f"({kind}: {told.get('url', '')})", inside)
    return Node(told.get("url") or f"({name})", inside)


def _table(markdown: str) -> Node:
    rows = [_CELL.findall(row) for row in _ROW.findall(markdown)]
    return nodes.table([[inline(cell) for cell in row] for row in rows])
