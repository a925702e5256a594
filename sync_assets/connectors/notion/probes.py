"""What the sync of a data source takes of its connection's token."""

from collections.abc import Iterator
from dataclasses import dataclass

from sync_assets.connectors.base import Probe
from sync_assets.connectors.notion.client import NotionClient
from sync_assets.connectors.notion.payloads import Page
from sync_assets.connectors.notion.properties import title_of
from sync_assets.errors import SourceGone, SourceRejectedUs

_NONE = "no page yet"
_SHARED = "the database shared with the connection: its menu, Connections"


def probes(client: NotionClient, data_source: str, *, comments: bool) -> Iterator[Probe]:
    """A call or two each, the last of them about one of its pages."""
    tries = _Tries(client, data_source)
    yield Probe("data source", f"a connection's token, and {_SHARED}", tries.table)
    yield Probe("pages", _SHARED, tries.pages)
    yield Probe("content", "the capability Read content", tries.content)
    if comments:
        yield Probe("comments", "the capability Read comments", tries.comments)
    people = "the capability Read user information without email addresses"
    yield Probe("people", people, tries.people)


@dataclass(frozen=True, slots=True)
class _Tries:
    client: NotionClient
    data_source: str

    def table(self) -> str:
        found = self.client.retrieve_data_source(self.data_source)
        if found is None:
            raise SourceGone(f"Notion: data source {self.data_source}: not found")
        return f"data source {found[0].id}"

    def pages(self) -> str:
        page = self._first()
        return f"the first is {title_of(page)}" if page else _NONE

    def content(self) -> str:
        page = self._first()
        if page is None:
            return _NONE
        as_markdown = self.client.retrieve_page_markdown(page.id) is not None
        self.client.list_block_children(page.id)
        return "as markdown" if as_markdown else "block by block"

    def comments(self) -> str:
        page = self._first()
        if page is None:
            return _NONE
        return f"{len(self.client.list_comments(page.id))} on {title_of(page)}"

    def people(self) -> str:
        page = self._first()
        if page is None:
            return _NONE
        if self.client.retrieve_user(page.created_by.id) is None:
            raise SourceRejectedUs("Notion: users: not shown, so authors are ids")
        return "names are read"

    def _first(self) -> Page | None:
        answer, _ = self.client.query_data_source(self.data_source, {"page_size": 1})
        return answer.results[0] if answer.results else None
