"""What a workspace is made of. Times are exact; answers tell them to the minute."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sync_assets.sandbox.notion.content import Block


@dataclass(slots=True)
class User:
    """Somebody of the workspace."""

    id: str
    name: str


@dataclass(slots=True)
class DataSource:
    """A table of pages; `schema` is property -> type, beside the title `Name`."""

    id: str
    database: str
    title: str
    schema: Mapping[str, str]
    created_at: datetime
    in_trash: bool = False


@dataclass(slots=True)
class Comment:
    """A comment on a page, or on one of its blocks."""

    id: str
    parent: str
    on_block: bool
    user: str
    words: str
    created_at: datetime
    edited_at: datetime
    resolved: bool = False


@dataclass(slots=True)
class Page:
    """A row of a data source. `properties`: name -> value, in Notion's JSON under its type."""

    id: str
    source: str
    title: str
    user: str
    created_at: datetime
    edited_at: datetime
    properties: dict[str, tuple[str, object]]
    blocks: list[Block] = field(default_factory=list[Block])
    in_trash: bool = False
    is_archived: bool = False

    def walk(self) -> Iterator[Block]:
        """All blocks, each before those inside it."""
        for block in self.blocks:
            yield from block.walk()
