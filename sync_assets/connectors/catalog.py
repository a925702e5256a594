"""The vendors: a new one is added here, and everything else follows."""

from collections.abc import Mapping
from types import MappingProxyType

from sync_assets.connectors.base import Connector
from sync_assets.connectors.git.connector import Git
from sync_assets.connectors.github.connector import GitHub
from sync_assets.connectors.slack.connector import Slack
from sync_assets.connectors.vercel.connector import Vercel
from sync_assets.errors import InvalidSettings

CONNECTORS: Mapping[str, Connector] = MappingProxyType(
    {connector.name: connector for connector in (GitHub(), Git(), Vercel(), Slack())}
)


def connector_named(name: str) -> Connector:
    """A connector by its name; InvalidSettings lists the known ones."""
    connector = CONNECTORS.get(name)
    if connector is None:
        raise InvalidSettings(f"unknown connector {name!r}: there are {', '.join(CONNECTORS)}")
    return connector
