"""What we read of a block, whatever its type.

https://developers.notion.com/reference/block
"""

from typing import Any, cast

from pydantic import model_validator

from sync_assets.connectors.notion.words import Address, Payload, RichText


class Icon(Payload):
    """Only an emoji can be written."""

    emoji: str | None = None


class Origin(Payload):
    """What a synced block shows."""

    block_id: str | None = None


class Content(Payload):
    """What stands under a block's type, whichever that is."""

    rich_text: tuple[RichText, ...] = ()
    caption: tuple[RichText, ...] = ()
    title: str | tuple[RichText, ...] = ""
    cells: tuple[tuple[RichText, ...], ...] = ()
    checked: bool = False
    language: str = ""
    icon: Icon | None = None
    expression: str = ""
    url: str = ""
    name: str = ""
    file: Address | None = None
    external: Address | None = None
    synced_from: Origin | None = None
    list_start_index: int | None = None
    page_id: str | None = None
    database_id: str | None = None
    block_type: str = ""


def _content(block: object) -> object:
    if not isinstance(block, dict):
        return block
    given = cast("dict[str, Any]", block)
    return {**given, "content": given.get(str(given.get("type"))) or {}}


class Block(Payload):
    """A block. Without a type it is one that we may not see."""

    id: str
    type: str = ""
    has_children: bool = False
    content: Content = Content()

    _under_its_type = model_validator(mode="before")(_content)
