"""Where every stream's assets stand, and how a run is told its mode."""

from typing import Any, Final

import dagster as dg

from sync_assets.connectors.base import Connector, Stream
from sync_assets.models import SyncMode

INDEX: Final = "search_index"
MAINTENANCE: Final = dg.AssetKey([INDEX, "maintenance"])


def index_key(connector: Connector, stream: Stream) -> dg.AssetKey:
    """Where a stream is searched."""
    return dg.AssetKey([INDEX, f"{connector.name}_{stream.name}"])


def stage_keys(connector: Connector, stream: Stream) -> list[dg.AssetKey]:
    """A stream's assets before the index, in order."""
    return [dg.AssetKey([connector.name, stage]) for stage in stream.stages]


def mode_config(connector: Connector, mode: SyncMode) -> dict[str, Any]:
    """Run config of the connector's sync job: each stream's first asset takes the mode."""
    first = [stage_keys(connector, stream)[0] for stream in connector.streams]
    return {"ops": {key.to_python_identifier(): {"config": {"mode": mode}} for key in first}}
