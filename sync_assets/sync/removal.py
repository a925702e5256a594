"""Removing a source for good: out of search first, then out of every store."""

from contextlib import ExitStack

from sync_assets.connectors.base import Connector
from sync_assets.models import Source
from sync_assets.stores import Stores
from sync_assets.sync.engine import lease_name


def remove_source(stores: Stores, source: Source, connector: Connector) -> None:
    """Purge the source's rows and its registration; repeating it is no error.

    Raises LeaseHeld while a sync of the source still runs.
    """
    seconds = stores.settings.lease_seconds
    with ExitStack() as held:
        leases = [
            held.enter_context(stores.leases.hold(lease_name(source, stream.name), seconds))
            for stream in connector.streams
        ]
        if stores.reader.is_present():
            stores.remover(leases[0]).remove_source(source.source_id)
        connector.forget(source, stores.settings)
        stores.registry.delete(source.source_id)
