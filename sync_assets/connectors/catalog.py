"""The vendors: a new one is added here, and everything else follows."""

from collections.abc import Mapping
from types import MappingProxyType

from sync_assets.connectors.base import Connector
from sync_assets.connectors.git.connector import Git
from sync_assets.connectors.github.connector import GitHub
from sync_assets.connectors.linear.connector import Linear
from sync_assets.connectors.notion.connector import Notion
from sync_assets.connectors.slack.connector import Slack
from sync_assets.connectors.vercel.connector import Vercel
from sync_assets.errors import InvalidSettings
from sync_assets.models import Source

CONNECTORS: Mapping[str, Connector] = MappingProxyType(
    {
        connector.name: connector
        for connector in (GitHub(), Git(), Vercel(), Slack(), Linear(), Notion())
    }
)


def connector_named(name: str) -> Connector:
    """A connector by its name; InvalidSettings lists the known ones."""
    connector = CONNECTORS.get(name)
    if connector is None:
        raise InvalidSettings(f"unknown connector {name!r}: there are {', '.join(CONNECTORS)}")
    return connector


def left_out(source: Source) -> set[str]:
    """The streams of its connector that the source's settings do not ask for; of a connector that
    this release lacks, none.
    """
    connector = CONNECTORS.get(source.connector)
    if connector is None:
        return set()
    wanted = {stream.name for stream in connector.streams_of(source)}
    return {stream.name for stream in connector.streams} - wanted
