"""What we read of Notion's answers; all else is dropped at this door.

https://developers.notion.com/reference: version 2026-03-11.
"""

from typing import Annotated, Any, Generic, TypeVar, cast

from pydantic import BeforeValidator, TypeAdapter

from sync_assets.connectors.notion.block import Block
from sync_assets.connectors.notion.values import Property, PropertyItem
from sync_assets.connectors.notion.words import Payload, Person, RichText

T = TypeVar("T")


class Parent(Payload):
    """Where a page is kept."""

    data_source_id: str | None = None


class Page(Payload):
    """A page with its properties; times are of the minute."""

    id: str
    created_time: str
    last_edited_time: str
    created_by: Person
    parent: Parent
    in_trash: bool = False
    is_archived: bool = False
    properties: dict[str, Property]

    @property
    def is_away(self) -> bool:
        """Whether readers no longer see it in its table."""
        return self.in_trash or self.is_archived


def _pages(results: object) -> object:
    """Without the data sources that a wiki lists among its pages."""
    if not isinstance(results, list):
        return results
    given = cast("list[dict[str, Any] | None]", results)
    return [each for each in given if not each or each.get("object") == "page"]


class RequestStatus(Payload):
    """Whether a query gave all."""

    type: str


class Listed(Payload, Generic[T]):
    """A page of a list."""

    results: list[T]
    has_more: bool
    next_cursor: str | None = None


class Queried(Payload):
    """A page of a query. `is_cut`: the query ended at Notion's limit of rows."""

    results: Annotated[list[Page], BeforeValidator(_pages)]
    has_more: bool
    next_cursor: str | None = None
    request_status: RequestStatus | None = None

    @property
    def is_cut(self) -> bool:
        return self.request_status is not None and self.request_status.type == "incomplete"


class Markdown(Payload):
    """A page's content as enhanced markdown."""

    markdown: str
    truncated: bool = False
    unknown_block_ids: tuple[str, ...] = ()


class DisplayName(Payload):
    """Under which name somebody commented."""

    resolved_name: str | None = None


class Comment(Payload):
    """A comment; one of a discussion."""

    id: str
    created_time: str
    created_by: Person
    rich_text: list[RichText]
    display_name: DisplayName = DisplayName()


class DataSource(Payload):
    """A table."""

    id: str
    in_trash: bool = False


class Database(Payload):
    """What holds tables."""

    data_sources: list[Person]


QUERIED = TypeAdapter(Queried)
PAGE = TypeAdapter(Page)
MARKDOWN = TypeAdapter(Markdown)
BLOCK = TypeAdapter(Block)
BLOCKS = TypeAdapter(Listed[Block])
COMMENTS = TypeAdapter(Listed[Comment])
ITEMS = TypeAdapter(Listed[PropertyItem])
DATA_SOURCE = TypeAdapter(DataSource)
DATABASE = TypeAdapter(Database)
PERSON = TypeAdapter(Person)
