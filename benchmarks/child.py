"""Our side of a comparison, in a process of its own; settings come from its environment.

python -m benchmarks.child sync CONNECTOR SCOPE full|incremental
python -m benchmarks.child upkeep
python -m benchmarks.child verify CONNECTOR SCOPE
python -m benchmarks.child fetch CONNECTOR SCOPE STATE_FILE [TRANSPORT]
python -m benchmarks.child discuss REPOSITORY
"""

import importlib
import json
import resource
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from pydantic import JsonValue

from benchmarks.outcomes import Discussed, Fetched, KeptUp, Synced
from sync_assets.connectors.base import Connector, Size
from sync_assets.connectors.catalog import connector_named
from sync_assets.embedding.base import Embedded, Embedder
from sync_assets.errors import RateLimited, UnknownSource
from sync_assets.http.clients import HttpClients
from sync_assets.index.open import without_pandas
from sync_assets.models import Document, Source, SyncMode, SyncReport, VerifyReport
from sync_assets.settings import load_settings
from sync_assets.sources import register
from sync_assets.stores import Stores, open_stores
from sync_assets.sync.batches import BatchCounts, fetch_in_batches
from sync_assets.sync.engine import StreamSync, sync_stream

_SELF, _CHILDREN = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN


class TimedEmbedder:
    """An embedder, and how long it was at work."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.seconds = 0.0

    @property
    def fingerprint(self) -> str:
        return self._embedder.fingerprint

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    @property
    def slice_characters(self) -> int:
        return self._embedder.slice_characters

    def embed(self, texts: Sequence[str]) -> Embedded:
        started = time.perf_counter()
        embedded = self._embedder.embed(texts)
        self.seconds += time.perf_counter() - started
        return embedded


def sync(connector: str, scope: str, mode: SyncMode) -> Synced:
    """Register the source if it is new, and sync it. What is imported only when it is needed is
    imported before the clock runs.
    """
    with closing(open_stores(load_settings(None))) as stores:
        with without_pandas():
            importlib.import_module("lance")
        started, cpu_started = time.perf_counter(), cpu_seconds()
        embedder = TimedEmbedder(stores.embedder)
        stores.embedder = embedder
        report = _sync(stores, connector, scope, mode)
        seconds, cpu = time.perf_counter() - started, cpu_seconds() - cpu_started
    return Synced(
        report=report,
        seconds=seconds,
        cpu_seconds=cpu,
        model_seconds=embedder.seconds,
        peak_bytes=peak_bytes(),
    )


def upkeep() -> KeptUp:
    """What `search_index/maintenance` does."""
    from sync_assets.sync.upkeep import keep_up

    with closing(open_stores(load_settings(None))) as stores:
        started, cpu_started = time.perf_counter(), cpu_seconds()
        keep_up(stores)
        seconds, cpu = time.perf_counter() - started, cpu_seconds() - cpu_started
    return KeptUp(seconds=seconds, cpu_seconds=cpu, peak_bytes=peak_bytes())


def verify(connector: str, scope: str) -> VerifyReport:
    """Audit the source's index against the source."""
    from sync_assets.sync.verify import verify_stream

    vendor = connector_named(connector)
    with closing(open_stores(load_settings(None))) as stores:
        source = stores.registry.by_partition(connector, vendor.parse_scope(scope))
        return verify_stream(stores, source, vendor, vendor.streams[0])


def fetch(connector: str, scope: str, state: Path, transport: str = "") -> Fetched:
    """List, and read every content that `state` does not know, as a sync does; then remember."""
    options: dict[str, JsonValue] = {"transport": transport} if transport else {}
    vendor, settings = connector_named(connector), load_settings(None)
    known: dict[str, str] = json.loads(state.read_bytes()) if state.exists() else {}
    with closing(open_stores(settings)) as stores:
        source = stores.registry.add(connector, vendor.parse_scope(scope), options, "0 0 * * *")
        stores.registry.delete(source.source_id)  # a session needs a source, but no row
    started = time.perf_counter()
    stream = vendor.streams[0].name
    with (
        closing(HttpClients()) as http,
        vendor.open(source, [stream], settings, http) as sessions,
    ):
        session = sessions[stream]
        listing = session.list(known.get("watermark"))
        listed = time.perf_counter()
        new = [entry for entry in listing.entries if known.get(entry.document_id) != entry.version]
        documents: list[Document] = []
        limited = ""
        try:
            for items in fetch_in_batches(
                lambda batch: list(session.fetch(batch, listing.watermark)),
                new,
                size=Size(settings.batch_documents),
                in_flight=settings.batches_in_flight,
                counts=BatchCounts(),
            ):
                documents += [item for item in items if isinstance(item, Document)]
        except RateLimited as error:
            limited = str(error)
    ended = time.perf_counter()
    if not listing.unchanged:
        versions = {entry.document_id: entry.version for entry in listing.entries}
        state.write_text(json.dumps(versions | {"watermark": listing.watermark}))
    return Fetched(
        unchanged=listing.unchanged,
        documents=len(documents),
        content_bytes=sum(len(document.text.encode()) for document in documents),
        list_seconds=listed - started,
        seconds=ended - started,
        peak_bytes=peak_bytes(),
        limited=limited,
    )


def discuss(repository: str) -> Discussed:
    """Sync the issues and pull requests, over sessions that are opened together."""
    streams: list[JsonValue] = ["pull_requests", "issues"]
    with closing(open_stores(load_settings(None))) as stores:
        source, vendor = _registered(stores, "github", repository, {"streams": streams})
        wanted = vendor.streams_of(source)
        started = time.perf_counter()
        names = [stream.name for stream in wanted]
        with vendor.open(source, names, stores.settings, stores.http) as sessions:
            reports = [
                sync_stream(
                    StreamSync(stores, source, vendor, stream, session=sessions[stream.name]),
                    "incremental",
                )
                for stream in wanted
            ]
        seconds = time.perf_counter() - started
        stored = sum(rows.documents for rows in stores.reader.counts().values())
    return Discussed(
        documents=sum(each.documents.fetched for each in reports if each.documents),
        stored=stored,
        seconds=seconds,
        peak_bytes=peak_bytes(),
    )


def peak_bytes() -> int:
    """The most memory this process has held. Linux hands a child its parent's `ru_maxrss`."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text().splitlines()
        return 1024 * int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def cpu_seconds() -> float:
    """User and system time of this process and of its children that have ended."""
    own, theirs = (resource.getrusage(who) for who in (_SELF, _CHILDREN))
    return own.ru_utime + own.ru_stime + theirs.ru_utime + theirs.ru_stime


def _sync(stores: Stores, connector: str, scope: str, mode: SyncMode) -> SyncReport:
    source, vendor = _registered(stores, connector, scope)
    return sync_stream(StreamSync(stores, source, vendor, vendor.streams[0]), mode)


def _registered(
    stores: Stores, connector: str, scope: str, options: dict[str, JsonValue] | None = None
) -> tuple[Source, Connector]:
    vendor = connector_named(connector)
    try:
        source = stores.registry.by_partition(connector, vendor.parse_scope(scope))
    except UnknownSource:
        source = register(stores.registry, connector, scope, options)
    return source, vendor


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["sync", name, scope, ("full" | "incremental") as mode]:
            print(sync(name, scope, mode).model_dump_json())
        case ["upkeep"]:
            print(upkeep().model_dump_json())
        case ["verify", name, scope]:
            print(verify(name, scope).model_dump_json())
        case ["fetch", name, scope, state, *transport]:
            print(fetch(name, scope, Path(state), *transport[:1]).model_dump_json())
        case ["discuss", repository]:
            print(discuss(repository).model_dump_json())
        case _:
            sys.exit(__doc__)
