"""Pure: a tree of blocks -> nodes.

https://developers.notion.com/reference/block
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sync_assets.connectors.notion import nodes
from sync_assets.connectors.notion.block import Block, Content
from sync_assets.connectors.notion.nodes import Node
from sync_assets.connectors.notion.scope import page_url
from sync_assets.connectors.notion.text import file_text, inline, link


@dataclass(frozen=True, slots=True)
class Tree:
    """A block and what is inside it. `note` stands where that could not be read."""

    block: Block
    children: Sequence["Tree"] = ()
    note: str = ""


def nodes_of(trees: Sequence[Tree]) -> list[Node]:
    """The blocks of a page, or those inside a block."""
    return [*_nodes(trees)]


def _nodes(trees: Sequence[Tree]) -> Iterator[Node]:
    number = 0
    for tree in trees:
        if tree.block.type == "numbered_list_item":
            number = tree.block.content.list_start_index or number + 1
        else:
            number = 0
        yield _node(tree, number)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a node is made of."""

    kind: str
    block: Block
    words: str
    inside: Sequence[Node]
    number: int
    rows: Sequence[Sequence[str]]

    @property
    def content(self) -> Content:
        return self.block.content


def _node(tree: Tree, number: int) -> Node:
    block = tree.block
    inside = nodes_of(tree.children)
    if tree.note:
        inside.append(Node(tree.note))
    rows = [[*map(inline, each.block.content.cells)] for each in tree.children]
    parts = _Parts(block.type, block, inline(block.content.rich_text), inside, number, rows)
    return _MAKERS.get(block.type, _other)(parts)


def _other(parts: _Parts) -> Node:
    """A block that we know nothing of: its type, and its words if there are some."""
    kind = parts.content.block_type or parts.kind
    if not kind:
        return Node(nodes.NOT_SHARED)
    said = parts.words or "Notion's API does not show it"
    return Node(f"({kind}: {said})", parts.inside)


def _text(parts: _Parts) -> Node:
    """Its words and what is inside it."""
    title = parts.content.title
    return Node(parts.words or (title if isinstance(title, str) else inline(title)), parts.inside)


def _heading(parts: _Parts) -> Node:
    return nodes.heading(int(parts.kind[-1]), parts.words, parts.inside)


def _to_do(parts: _Parts) -> Node:
    mark = "x" if parts.content.checked else " "
    return nodes.item(f"- [{mark}] ", parts.words, parts.inside)


def _callout(parts: _Parts) -> Node:
    icon = parts.content.icon.emoji or "" if parts.content.icon else ""
    said = [Node(parts.words)] if parts.words else []
    return nodes.callout(icon, [*said, *parts.inside])


def _code(parts: _Parts) -> Node:
    code = "".join(run.plain_text for run in parts.content.rich_text)
    fenced = nodes.fenced(code, parts.content.language)
    caption = inline(parts.content.caption)
    return Node(children=[fenced, Node(caption)]) if caption else fenced


def _file(parts: _Parts) -> Node:
    content = parts.content
    url = content.external.url or "" if content.external else ""
    caption = " ".join(inline(content.caption).split())
    return Node(file_text(parts.kind, caption, content.name, content.file, url))


def _link(parts: _Parts) -> Node:
    return Node(link(inline(parts.content.caption), parts.content.url))


def _page(parts: _Parts) -> Node:
    return Node(link(str(parts.content.title), page_url(parts.block.id)))


def _link_to_page(parts: _Parts) -> Node:
    return Node(page_url(parts.content.page_id or parts.content.database_id or parts.block.id))


_Maker = Callable[[_Parts], Node]
_MAKERS: Mapping[str, _Maker] = MappingProxyType(
    {
        **dict.fromkeys(("paragraph", "toggle", "template", "synced_block"), _text),
        **dict.fromkeys(("column_list", "column", "tab", "meeting_notes", "transcription"), _text),
        **dict.fromkeys(("heading_1", "heading_2", "heading_3", "heading_4"), _heading),
        "bulleted_list_item": lambda parts: nodes.item("- ", parts.words, parts.inside),
        "numbered_list_item": lambda parts: nodes.item(
            f"{parts.number}. ", parts.words, parts.inside
        ),
        "to_do": _to_do,
        "quote": lambda parts: nodes.quote(parts.words, parts.inside),
        "callout": _callout,
        "code": _code,
        "equation": lambda parts: nodes.formula(parts.content.expression),
        "divider": lambda _: nodes.divider(),
        "breadcrumb": lambda _: Node(),
        "table_of_contents": lambda _: Node(),
        "table": lambda parts: nodes.table(parts.rows),
        "table_row": lambda parts: nodes.table([[*map(inline, parts.content.cells)]]),
        **dict.fromkeys(("bookmark", "embed", "link_preview"), _link),
        **dict.fromkeys(("image", "file", "video", "audio", "pdf"), _file),
        **dict.fromkeys(("child_page", "child_database"), _page),
        "link_to_page": _link_to_page,
    }
)
