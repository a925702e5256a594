"""Pure: a page as the markdown endpoint writes it, "enhanced" by tags for what markdown lacks.

https://developers.notion.com/guides/data-apis/enhanced-markdown
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sync_assets.sandbox.notion.content import MEDIA, Block, plain
from sync_assets.sandbox.notion.enhanced_text import inline
from sync_assets.sandbox.notion.records import Page
from sync_assets.sandbox.notion.shapes import UNSUPPORTED, block_url
from sync_assets.sandbox.notion.world import NotionWorld

_UNKNOWN = frozenset({"bookmark", "embed", "link_preview", "breadcrumb", "template", *UNSUPPORTED})
_LEADS = {"bulleted_list_item": "- ", "quote": "> "}


@dataclass(slots=True)
class Rendering:
    """A page or subtree. `missing` are blocks that could not be loaded."""

    world: NotionWorld
    missing: list[str] = field(default_factory=list[str])
    _written: int = 0
    _path: list[str] = field(default_factory=list[str])

    def page(self, each: Page) -> str:
        """All of a page."""
        return "\n".join(self._blocks(each.blocks, 0))

    def subtree(self, each: Block) -> str:
        """One block and what is inside it."""
        return "\n".join(self._blocks([each], 0))

    def _blocks(self, blocks: Sequence[Block], depth: int) -> Iterator[str]:
        number = 0
        for each in blocks:
            number = number + 1 if each.type == "numbered_list_item" else 0
            self._written += 1
            cannot = each.id in self.world.unshared or each.id in self._path
            if cannot or self._written > self.world.most_blocks:
                self.missing.append(each.id)
                yield "\t" * depth + f'<unknown url="{block_url(self.world, each)}"/>'
                continue
            for line in self._block(each, number):
                yield "\t" * depth + line

    def _inside(self, each: Block) -> Iterator[str]:
        self._path.append(each.id)
        yield from self._blocks(self.world.children(each.id) or [], 1)
        self._path.pop()

    def _block(self, each: Block, number: int) -> Iterator[str]:
        value, words = each.value, inline(each.value.get("rich_text", []))
        colour = ' {color="blue"}' if value.get("color", "default") != "default" else ""
        match each.type:
            case kind if kind in _UNKNOWN:
                yield f'<unknown url="{block_url(self.world, each)}" alt="{kind}"/>'
            case "paragraph":
                yield words + colour if words else "<empty-block/>"
                yield from self._inside(each)
            case "heading_1" | "heading_2" | "heading_3" | "heading_4" as kind:
                toggle = ' {toggle="true"}' if each.children else ""
                yield f"{'#' * int(kind[-1])} {words}{toggle}{colour}"
                yield from self._inside(each)
            case "bulleted_list_item" | "quote" as kind:
                yield f"{_LEADS[kind]}{words}{colour}"
                yield from self._inside(each)
            case "numbered_list_item":
                yield f"{number}. {words}{colour}"
                yield from self._inside(each)
            case "to_do":
                yield f"- [{'x' if value['checked'] else ' '}] {words}{colour}"
                yield from self._inside(each)
            case "code":
                yield f"```{value['language']}"
                yield from plain(value["rich_text"]).split("\n")
                yield "```"
            case "equation":
                yield from ("$$", value["expression"], "$$")
            case "divider":
                yield "---"
            case _:
                yield from self._tagged(each, words)

    def _tagged(self, each: Block, words: str) -> Iterator[str]:
        value = each.value
        match each.type:
            case "toggle":
                yield from ("<details>", f"<summary>{words}</summary>")
                yield from self._inside(each)
                yield "</details>"
            case "callout":
                yield from self._callout(each, words)
            case "table":
                yield from _table(each)
            case "child_page" | "child_database" as kind:
                name = kind.removeprefix("child_")
                url = f"https://www.notion.so/{each.id.replace('-', '')}"
                yield f'<{name} url="{url}">{value["title"]}</{name}>'
            case "synced_block":
                yield from self._synced(each)
            case "table_of_contents":
                yield "<table_of_contents/>"
            case "column_list" | "column" as kind:
                name = "columns" if kind == "column_list" else kind
                yield from (f"<{name}>", *self._inside(each), f"</{name}>")
            case kind if kind in MEDIA:
                yield _media(self.world, each)
            case kind:
                yield f'<unknown url="{block_url(self.world, each)}" alt="{kind}"/>'

    def _callout(self, each: Block, words: str) -> Iterator[str]:
        icon = each.value.get("icon")
        yield f'<callout icon="{icon["emoji"]}">' if icon else "<callout>"
        if words:
            yield f"\t{words}"
        yield from self._inside(each)
        yield "</callout>"

    def _synced(self, each: Block) -> Iterator[str]:
        origin = each.origin
        name = "synced_block_reference" if origin else "synced_block"
        if origin is not None and self.world.children(origin) is None:
            self.missing.append(each.id)
            yield f'<unknown url="{block_url(self.world, each)}"/>'
            return
        yield f'<{name} url="{block_url(self.world, each)}">'
        yield from self._inside(each)
        yield f"</{name}>"


def _table(each: Block) -> Iterator[str]:
    yield '<table header-row="true">'
    for row in each.children:
        yield "\t<tr>"
        yield from (f"\t\t<td>{inline(cell)}</td>" for cell in row.value["cells"])
        yield "\t</tr>"
    yield "</table>"


def _media(world: NotionWorld, each: Block) -> str:
    value = each.value
    hosted = value["type"] == "file"
    url = world.sign(value["file"]["url"]) if hosted else value["external"]["url"]
    caption = inline(value["caption"])
    if each.type == "image":
        return f"![{caption}]({url})"
    return f'<{each.type} src="{url}">{caption}</{each.type}>'
