"""Files of a real repository, synced into a real index."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from sync_assets import sources
from sync_assets.connectors.catalog import connector_named
from sync_assets.models import SyncMode, SyncReport
from sync_assets.sandbox.repositories import Repositories, Repository
from sync_assets.settings import Settings
from sync_assets.stores import Stores, open_stores
from sync_assets.sync.engine import StreamSync, sync_stream
from sync_assets_tests import oracle


class Files:
    """One repository, registered with the connector `git`."""

    def __init__(self, stores: Stores, repository: Repository) -> None:
        self.stores = stores
        self.repository = repository
        self.source = sources.register(stores.registry, "git", str(repository.path))

    def commit(self, changes: Mapping[str, bytes]) -> None:
        self.repository.commit(changes, "A change")

    def sync(self, mode: SyncMode = "incremental") -> SyncReport:
        connector = connector_named("git")
        stream = connector.streams[0]
        return sync_stream(StreamSync(self.stores, self.source, connector, stream), mode)


@pytest.fixture
def files(settings: Settings, tmp_path: Path) -> Iterator[Files]:
    with closing(open_stores(settings)) as stores:
        yield Files(stores, Repositories(tmp_path / "git").create("acme/shop"))


def test_a_file_too_costly_to_parse_is_named_and_indexed_whole(files: Files):
    hostile = "<<A\n" * 10_000
    files.commit({"run.sh": hostile.encode(), "app.py": b"def sell():\n    return 1\n"})

    report = files.sync()

    assert report.index is not None
    assert report.index.unparsed == ["run.sh"]
    rows = oracle.rows(files.stores.settings.index_uri, "chunks", files.source.source_id)
    texts = [row["text"] for row in rows if row["path"] == "run.sh"]
    assert sum(text.count("<<A") for text in texts) == 10_000
