"""A page of Notion, read whole."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sync_assets.connectors.notion import blocks, enhanced
from sync_assets.connectors.notion.block import Block
from sync_assets.connectors.notion.blocks import Tree
from sync_assets.connectors.notion.client import NotionClient
from sync_assets.connectors.notion.nodes import NOT_SHARED, Node
from sync_assets.connectors.notion.payloads import Comment, Page
from sync_assets.connectors.notion.properties import is_cut
from sync_assets.connectors.notion.scope import plain_id
from sync_assets.connectors.notion.values import Property, PropertyItem
from sync_assets.errors import SourceGone, UnexpectedPayload

Content = Literal["markdown", "blocks"]
_PAGES = frozenset({"child_page", "child_database"})
"""Documents of their own, or nobody's: their content is not their parent's."""


@dataclass(frozen=True, slots=True)
class PageReader:
    """Reads pages whole. What cannot be read makes the page fail; what is not shared is named.

    Block by block, one page is read at a time: where a minute's calls are few, several would come
    to no end together. `answered` is set once Notion served the content of any page, so that what
    fails then is a page and not Notion.
    """

    client: NotionClient
    content: Content
    answered: threading.Event = field(default_factory=threading.Event)
    _one_page: threading.Lock = field(default_factory=threading.Lock)

    def body(self, page: str) -> list[Node]:
        """The content: Notion's own markdown where it writes one, with what that leaves out read
        block by block; else, and where what is left out is not named, all of it so. Raises
        SourceGone where there is no such page.
        """
        if self.content == "markdown":
            answer = self.client.retrieve_page_markdown(page)
            self.answered.set()
            if answer is not None:
                read = enhanced.nodes_of(answer.markdown)
                shown = {*_missing(read)}
                left = [each for each in answer.unknown_block_ids if plain_id(each) not in shown]
                if shown or left or not answer.truncated:
                    return self._filled([*read, *(Node(missing=plain_id(each)) for each in left)])
        with self._one_page:
            return blocks.nodes_of(self._inside(page, (plain_id(page),)))

    def properties(self, page: Page) -> dict[str, Property]:
        """All of them, whole."""
        return {
            name: self._property(page.id, value) if is_cut(value) else value
            for name, value in page.properties.items()
        }

    def comments(self, page: str) -> list[Comment]:
        """The open ones on the page itself, oldest first."""
        return sorted(self.client.list_comments(page), key=lambda each: each.created_time)

    def _property(self, page: str, value: Property) -> Property:
        items = self.client.retrieve_page_property(page, value.id)
        given = [each for item in items if (each := _given(item, value.type)) is not None]
        if len(given) < len(items):
            raise UnexpectedPayload(f"Notion: pages/{page}: items of a {value.type} of other types")
        return value.model_copy(update={value.type: given, "has_more": False})

    def _filled(self, read: Sequence[Node]) -> list[Node]:
        filled = list[Node]()
        for node in read:
            if node.missing:
                filled += self._alone(node.missing)
            else:
                inside = self._filled(node.children)
                filled.append(replace(node, children=inside))
        return filled

    def _alone(self, block: str) -> list[Node]:
        """A block that the markdown leaves out."""
        found = self.client.retrieve_block(block)
        if found is None:
            return [Node(NOT_SHARED)]
        return blocks.nodes_of([self._tree(found, ())])

    def _inside(self, place: str, path: tuple[str, ...]) -> list[Tree]:
        found = self.client.list_block_children(place)
        self.answered.set()
        return [self._tree(each, path) for each in found]

    def _tree(self, block: Block, path: tuple[str, ...]) -> Tree:
        """`path` are the blocks around it."""
        each = plain_id(block.id)
        if each in path:
            return Tree(block, note="(a block inside itself)")
        if not block.has_children or block.type in _PAGES:
            return Tree(block)
        try:
            return Tree(block, self._inside(block.id, (*path, each)))
        except SourceGone as error:
            if block.content.synced_from is None:
                # It was there a moment ago: the page is being edited. What is read so is torn.
                raise UnexpectedPayload(f"{error}: while its page was read") from None
            return Tree(block, note=NOT_SHARED)


def _given(item: PropertyItem, kind: str) -> object:
    return getattr(item, kind, None) if item.type == kind else None


def _missing(read: Sequence[Node]) -> list[str]:
    return [
        each
        for node in read
        for each in ([node.missing] if node.missing else _missing(node.children))
    ]
