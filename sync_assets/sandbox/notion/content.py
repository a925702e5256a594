"""What a page says, in Notion's own JSON: rich text and blocks, made from few words.

https://developers.notion.com/reference/rich-text
https://developers.notion.com/reference/block
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
RichText = list[Json]
_MARKS = ("bold", "italic", "strikethrough", "underline", "code")
_TITLED = frozenset({"child_page", "child_database"})
_COLOURED = frozenset(
    {
        "paragraph",
        "bulleted_list_item",
        "numbered_list_item",
        "to_do",
        "toggle",
        "quote",
        "callout",
        "heading_1",
        "heading_2",
        "heading_3",
        "heading_4",
    }
)
MEDIA = frozenset({"image", "file", "video", "audio", "pdf"})


@dataclass(slots=True)
class Block:
    """A block; `value` is what stands under its type. `id` is given when it is put on a page."""

    type: str
    value: Json
    children: list["Block"] = field(default_factory=list["Block"])
    id: str = ""
    parent: str = ""
    """The block or page that it stands in."""

    @property
    def origin(self) -> str | None:
        """Of a synced block's copy: the block that it shows."""
        source: Json = self.value.get("synced_from") or {}
        return source.get("block_id")

    def walk(self) -> Iterator["Block"]:
        """Itself and all below."""
        yield self
        for child in self.children:
            yield from child.walk()


def text(content: str, *, link: str | None = None, **marks: bool) -> Json:
    """A run of text: `text("now", bold=True)`."""
    return {
        "type": "text",
        "text": {"content": content, "link": {"url": link} if link else None},
        "annotations": {mark: marks.get(mark, False) for mark in _MARKS} | {"color": "default"},
        "plain_text": content,
        "href": link,
    }


def equation(expression: str) -> Json:
    """An inline formula."""
    return _inline("equation", {"expression": expression}, expression)


def mention(kind: str, value: Any, shown: str, href: str | None = None) -> Json:  # noqa: ANN401 - each kind has its own
    """A mention: `mention("page", {"id": page.id}, "Refunds")`."""
    return _inline("mention", {"type": kind, kind: value}, shown, href)


def rich(words: str | Sequence[Json]) -> RichText:
    """Plain words, or runs that are made already."""
    if isinstance(words, str):
        return [text(words)] if words else []
    return [*words]


def block(kind: str, words: str | Sequence[Json] = "", *children: Block, **more: Any) -> Block:  # noqa: ANN401 - as above
    """A block of text: `block("to_do", "Call them", checked=True)`."""
    value: Json = {"rich_text": rich(words)}
    if kind in _TITLED:
        value = {"title": words}
    elif kind in _COLOURED:
        value["color"] = "default"
    if kind in {"paragraph", "callout"}:
        value["icon"] = None
    if kind.startswith("heading"):
        value["is_toggleable"] = bool(children)
    if kind == "to_do":
        value["checked"] = False
    if kind == "code":
        value |= {"caption": [], "language": "plain text"}
    return Block(kind, value | more, [*children])


def container(kind: str, *children: Block, **value: Any) -> Block:  # noqa: ANN401 - as above
    """A block without text: columns, a divider, an equation, a bookmark."""
    return Block(kind, value, [*children])


def table(*rows: Sequence[str | Sequence[Json]]) -> Block:
    """A table whose first row is its head."""
    value = {"table_width": len(rows[0]), "has_column_header": True, "has_row_header": False}
    cells = [container("table_row", cells=[rich(cell) for cell in row]) for row in rows]
    return Block("table", value, cells)


def media(kind: str, url: str, caption: str = "", *, hosted: bool = False) -> Block:
    """A picture or file; `hosted` by Notion, whose addresses are signed anew for each answer."""
    place: Json = {"type": "external", "external": {"url": url}}
    if hosted:
        place = {"type": "file", "file": {"url": url}}
    named = {"name": url.rpartition("/")[2]} if kind == "file" else {}
    return Block(kind, {"caption": rich(caption), **place, **named})


def _inline(kind: str, value: Json, shown: str, href: str | None = None) -> Json:
    run = {name: each for name, each in text(shown).items() if name != "text"}
    return run | {"type": kind, kind: value, "href": href}


def plain(runs: Sequence[Json]) -> str:
    """The words alone."""
    return "".join(run["plain_text"] for run in runs)
