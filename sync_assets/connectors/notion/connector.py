"""Notion: declarations. The pages of a data source, with their content and comments."""

from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from sync_assets.connectors.base import Connector, Probe, Session, SourceSettings, Stream
from sync_assets.connectors.notion.scope import SCOPE_FORMAT, page_url, scope_of
from sync_assets.errors import InvalidSettings
from sync_assets.models import Source
from sync_assets.settings import Settings

if TYPE_CHECKING:
    from sync_assets.connectors.notion.client import NotionClient
    from sync_assets.http.clients import HttpClients

PAGES = Stream(
    name="pages",
    stages=("pages",),
    description="Pages of a data source with properties, content and comments.",
    sweep=timedelta(hours=24),
    batch_documents=1,  # a limit in the middle of a batch costs no page that was read
)


class NotionSettings(SourceSettings):
    """`content` is how pages are read: as Notion's own markdown, or block by block, which takes a
    call for each block that has others inside it. Comments take a call a page.
    """

    content: Literal["markdown", "blocks"] = Field(
        default="markdown", description="markdown: one call a page; blocks: one a nested block."
    )
    comments: bool = Field(default=True, description="Comments too: one more call a page.")


class Notion(Connector):
    """Data sources that one connection may read."""

    name = "notion"
    title = "Notion"
    scope_format = SCOPE_FORMAT
    streams = (PAGES,)
    settings_model = NotionSettings

    def parse_scope(self, scope: str) -> str:
        return scope_of(scope)

    def link(self, source: Source, settings: Settings) -> str:  # noqa: ARG002 - the contract's
        return page_url(source.scope)

    @contextmanager
    def open(
        self, source: Source, streams: Collection[str], settings: Settings, http: "HttpClients"
    ) -> Generator[Mapping[str, Session]]:
        from sync_assets.connectors.notion.reading import PageReader
        from sync_assets.connectors.notion.session import PagesSession

        chosen, client = _chosen(source), _client(settings, http)
        reader = PageReader(client, chosen.content)
        yield {
            stream: PagesSession(source, stream, client, reader, comments=chosen.comments)
            for stream in streams
        }

    def probes(self, source: Source, settings: Settings, http: "HttpClients") -> Iterator[Probe]:
        from sync_assets.connectors.notion.probes import probes

        client = _client(settings, http)
        return probes(client, source.scope, comments=_chosen(source).comments)


def _chosen(source: Source) -> NotionSettings:
    return NotionSettings.model_validate(source.settings)


def _client(settings: Settings, http: "HttpClients") -> "NotionClient":
    from sync_assets.connectors.notion.client import open_client

    if not settings.notion_token.get_secret_value():
        raise InvalidSettings(
            "SYNC_ASSETS_NOTION_TOKEN is not set: create a connection at"
            " https://www.notion.so/profile/integrations"
        )
    return open_client(settings, http)
