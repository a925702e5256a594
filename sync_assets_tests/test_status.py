from contextlib import closing
from pathlib import Path

from sync_assets import sources
from sync_assets.connectors.catalog import connector_named
from sync_assets.sandbox.repositories import Repositories
from sync_assets.settings import Settings
from sync_assets.status import status
from sync_assets.stores import open_stores
from sync_assets.sync.engine import StreamSync, sync_stream
from sync_assets_tests.fakes import FakeClock


def test_status_counts_what_is_indexed_and_says_how_fresh_it_is(
    settings: Settings, clock: FakeClock, tmp_path: Path
):
    repository = Repositories(tmp_path / "served", clock).create("acme/shop")
    commit = repository.commit({"a.md": b"# A\n", "b.md": b"# B\n", "logo.png": b"\0"})
    with closing(open_stores(settings, clock=clock)) as stores:
        source = sources.register(stores.registry, "git", str(repository.path))
        (before,) = status(stores)
        connector = connector_named("git")
        sync_stream(StreamSync(stores, source, connector, connector.streams[0]), "full")
        (after,) = status(stores)

    assert (before.documents, before.stale) == (0, "unknown")
    assert before.stale_because == "the source was never completely synced"
    assert (after.documents, after.chunks, after.stale) == (2, 2, "false")
    assert after.verified_at == clock()
    assert commit in (after.watermark or "")
