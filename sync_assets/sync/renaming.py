"""The scope of a source follows its name at the vendor."""

from sync_assets.connectors.base import Connector
from sync_assets.models import Source
from sync_assets.stores import Stores


def follow_rename(stores: Stores, source: Source, connector: Connector) -> Source:
    """Give the source the scope that it has at its vendor now, and ask for a sync, which brings its
    links up to date. Documents stay, and no large delete is allowed by it. Raises SourceError, and
    InvalidSettings where another source has that scope.
    """
    scope = connector.scope_now(source, stores.settings, stores.http)
    if scope == source.scope:
        return source
    renamed = stores.registry.rename(source.source_id, scope)
    for stream in connector.streams_of(renamed):
        stores.cursors.want_sweep(source.source_id, stream.name, stores.clock())
    stores.registry.request_sync(source.source_id, "incremental", "a rename at the vendor")
    return renamed
