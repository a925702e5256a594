"""Removing a source, or a stream of it, for good: out of search first, then out of every store."""

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
        for subject in connector.subjects(source):
            stores.http.forget(subject)
        stores.registry.delete(source.source_id)


def remove_left_out(stores: Stores, source: Source, connector: Connector) -> list[str]:
    """Purge the streams that the source's settings no longer ask for: their names. An operator
    chose that, so the delete valve has no say; repeating it is no error.

    A stream that was ever synced has a cursor, which goes last: until then the purge is repeated,
    and a stream that comes back begins anew. Raises LeaseHeld while a sync of one still runs.
    """
    name, seconds = source.source_id, stores.settings.lease_seconds
    wanted = {stream.name for stream in connector.streams_of(source)}
    synced = {cursor.stream for cursor in stores.cursors.all() if cursor.source_id == name}
    removed: list[str] = []
    for stream in sorted(synced - wanted):
        with stores.leases.hold(lease_name(source, stream), seconds) as lease:
            now = stores.registry.get(name)
            if any(each.name == stream for each in connector.streams_of(now)):
                continue  # it was asked for again a moment ago
            stores.cursors.restart(name, stream)
            if stores.reader.is_present():
                stores.remover(lease).remove_stream(name, stream)
            stores.registry.forget_stream(name, stream)
            removed.append(stream)
    return removed
