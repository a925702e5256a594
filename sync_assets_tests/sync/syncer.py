"""A process that syncs one git source when told to: what the kill tests kill.

`python -m sync_assets_tests.sync.syncer HOME SOURCE_ID`; says `ready`, then for each line on its
standard input syncs once and says how that ended; a line may name where to stop itself.
"""

import os
import signal
import sys
from contextlib import closing
from pathlib import Path

from sync_assets.connectors.catalog import connector_named
from sync_assets.errors import SyncAssetsError
from sync_assets.settings import Settings
from sync_assets.stores import open_stores
from sync_assets.sync.engine import StreamSync, sync_stream

LEASE_SECONDS = 2


def process_settings(home: Path) -> Settings:
    return Settings(
        home=home,
        embedder="hash",
        lease_seconds=LEASE_SECONDS,
        batch_documents=5,
        batches_in_flight=3,
    )


def sync_once(home: Path, source_id: str, stop_at: str = "") -> None:
    """One sync; with `stop_at` (`fetch`, `index`) the process stops itself there, once."""
    stops = [stop_at]

    def progress(stage: str, _done: int, _total: int) -> None:
        if stage in stops:
            stops.clear()
            os.kill(os.getpid(), signal.SIGSTOP)

    with closing(open_stores(process_settings(home))) as stores:
        source = stores.registry.get(source_id)
        connector = connector_named(source.connector)
        stream = connector.streams[0]
        sync = StreamSync(stores, source, connector, stream, progress=progress)
        sync_stream(sync, "incremental")


def main() -> None:
    home, source_id = Path(sys.argv[1]), sys.argv[2]
    with closing(open_stores(process_settings(home))) as stores:
        stores.reader.counts()  # what is slow to import is imported now
    print("ready", flush=True)
    for stop_at in sys.stdin:
        try:
            sync_once(home, source_id, stop_at.strip())
        except SyncAssetsError as error:
            print(f"{type(error).__name__}: {error}", flush=True)
        else:
            print("synced", flush=True)


if __name__ == "__main__":
    main()
