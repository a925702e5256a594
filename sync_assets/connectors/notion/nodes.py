"""Pure: a page's content, whichever way it was read, and how it is written down.

A page is read as enhanced markdown or block by block; both become nodes, so that both give the
same text.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_TICKS = re.compile(r"`{3,}")
_IMITATION = re.compile(r"^(?=`{3}|~{3}|#{1,6} |-{3,}$|={3,}$)", re.MULTILINE)
"""Words that would read as a fence or a heading."""
NOT_SHARED = "(a block that is not shared with this connection)"


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of content. The first line of what it and its children say begins with `lead`, all
    others with `hang`. `literal` text is markdown already. `missing` is the id of a block that has
    to be read by itself.
    """

    text: str = ""
    children: Sequence["Node"] = ()
    lead: str = ""
    hang: str = ""
    missing: str = ""
    literal: bool = False

    @property
    def is_item(self) -> bool:
        """Whether it stands in a list."""
        return self.hang.isspace()


def item(marker: str, text: str, children: Sequence[Node] = ()) -> Node:
    """One of a list: `- `, `1. `, `- [x] `."""
    width = 2 if marker.startswith("-") else len(marker)
    return Node(text, children, marker, " " * width)


def heading(level: int, text: str, children: Sequence[Node] = ()) -> Node:
    """What is inside a heading that can be folded stands below it."""
    return Node(" ".join(text.split()), children, "#" * level + " ")


def quote(text: str, children: Sequence[Node] = ()) -> Node:
    """Somebody's words."""
    return Node(text, children, "> ", "> ")


def fenced(code: str, language: str) -> Node:
    """Code, between fences longer than any inside it."""
    longest = max((len(ticks) for ticks in _TICKS.findall(code)), default=2)
    fence = "`" * (longest + 1)
    shown = "" if language == "plain text" else language
    return Node(f"{fence}{shown}\n{code}\n{fence}", literal=True)


def formula(expression: str) -> Node:
    """A formula on its own."""
    return Node(f"$$\n{expression.strip()}\n$$", literal=True)


def divider() -> Node:
    """A line across the page."""
    return Node("---", literal=True)


def callout(icon: str, nodes: Sequence[Node]) -> Node:
    """Its icon stands before its first words."""
    if not icon:
        return Node(children=nodes)
    if nodes and nodes[0].text and not (nodes[0].lead or nodes[0].literal):
        first = Node(f"{icon} {nodes[0].text}", nodes[0].children)
        return Node(children=[first, *nodes[1:]])
    return Node(children=[Node(icon), *nodes])


def table(rows: Sequence[Sequence[str]]) -> Node:
    """A table; the first row is its head, as markdown knows no other."""
    if not rows:
        return Node()
    width = max(len(row) for row in rows)
    lines = [_row([*row, *[""] * (width - len(row))]) for row in rows]
    return Node("\n".join([lines[0], "|" + "---|" * width, *lines[1:]]), literal=True)


def lines_of(nodes: Iterable[Node]) -> Iterator[str]:
    """The nodes as lines; blank ones between all but the items of a list."""
    before: Node | None = None
    for node in nodes:
        own = [*_lines(node)]
        if not own:
            continue
        if before is not None and not (before.is_item and node.is_item):
            yield ""
        yield from own
        before = node


def _lines(node: Node) -> Iterator[str]:
    text = node.text if node.literal else _IMITATION.sub(r"\\", node.text)
    said = text.strip("\n").split("\n") if text.strip() else []
    below = [*lines_of(node.children)]
    if said and below and not (node.is_item and node.children[0].is_item):
        said.append("")
    for number, line in enumerate([*said, *below]):
        yield f"{node.hang if number else node.lead}{line}".rstrip()


def _row(cells: Sequence[str]) -> str:
    shown = (" ".join(cell.replace("|", "\\|").split()) for cell in cells)
    return f"| {' | '.join(shown)} |"
