"""Where every stream's assets stand, and how a run is told its mode."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import dagster as dg

from sync_assets.connectors.base import Connector, Event, Stream
from sync_assets.models import SyncMode

INDEX: Final = "search_index"
MAINTENANCE: Final = dg.AssetKey([INDEX, "maintenance"])


def index_key(connector: Connector, stream: Stream) -> dg.AssetKey:
    """Where a stream is searched."""
    return dg.AssetKey([INDEX, f"{connector.name}_{stream.name}"])


def stage_keys(connector: Connector, stream: Stream) -> list[dg.AssetKey]:
    """A stream's assets before the index, in order."""
    return [dg.AssetKey([connector.name, stage]) for stage in stream.stages]


def event_key(connector: Connector, event: Event) -> dg.AssetKey:
    """What is observed where something is done at the vendor, and searchable."""
    return dg.AssetKey([connector.name, event.name])


def first_op(connector: Connector, stream: Stream) -> str:
    """The op that lists the stream: its feed's, or its first asset's own."""
    if stream.feed is not None:
        return f"{connector.name}__{stream.feed}_feed"
    return stage_keys(connector, stream)[0].to_python_identifier()


def feeds(connector: Connector) -> Mapping[str, Sequence[Stream]]:
    """The streams that are listed together, by feed."""
    found: dict[str, list[Stream]] = {}
    for stream in connector.streams:
        if stream.feed is not None:
            found.setdefault(stream.feed, []).append(stream)
    return found


def assets_of(connector: Connector, streams: Collection[str]) -> list[dg.AssetKey]:
    """All assets of these streams."""
    return [
        key
        for stream in connector.streams
        if stream.name in streams
        for key in [*stage_keys(connector, stream), index_key(connector, stream)]
    ]


def mode_config(
    connector: Connector, mode: SyncMode, streams: Collection[str] = ()
) -> dict[str, Any]:
    """Run config of the connector's sync job, or of these streams' part of it: whatever lists takes
    the mode.
    """
    listed = [each for each in connector.streams if not streams or each.name in streams]
    first = dict.fromkeys(first_op(connector, stream) for stream in listed)
    return {"ops": {name: {"config": {"mode": mode}} for name in first}}
