"""Files of a real repository, synced into a real index."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from sync_assets import sources
from sync_assets.connectors.catalog import connector_named
from sync_assets.index.arrow import column
from sync_assets.index.maintenance import ROWS_TOO_FEW, statistics
from sync_assets.models import SyncMode, SyncReport
from sync_assets.sandbox.repositories import Repositories, Repository
from sync_assets.settings import Settings
from sync_assets.stores import Stores, open_stores
from sync_assets.sync.engine import StreamSync, sync_stream
from sync_assets.sync.upkeep import keep_up
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


def of_several_groups() -> dict[str, bytes]:
    """Files whose 3,900 chunks are not committed at once; each has an order within its name."""
    return {
        f"src/{number}.py": "\n\n".join(
            f"def handleOrder{each}():\n    return {number}" for each in range(30)
        ).encode()
        for number in range(130)
    }


def test_full_text_finds_the_same_before_and_after_upkeep(files: Files):
    files.commit(of_several_groups())
    report = files.sync()
    reader = files.stores.reader

    def found() -> list[str]:
        return column(reader.search(text="order", limit=10_000).matching, "chunk_id")

    assert report.index is not None
    every = found()
    assert len(every) == report.index.chunks_written == 3_900
    assert (statistics(reader.index)["chunks"].unindexed or 0) > ROWS_TOO_FEW
    keep_up(files.stores)
    assert statistics(reader.index)["chunks"].unindexed == 0
    assert set(found()) == set(every)


def test_a_file_too_costly_to_parse_is_named_and_indexed_whole(files: Files):
    hostile = "<<A\n" * 10_000
    files.commit({"run.sh": hostile.encode(), "app.py": b"def sell():\n    return 1\n"})

    report = files.sync()

    assert report.index is not None
    assert report.index.unparsed == ["run.sh"]
    rows = oracle.rows(files.stores.settings.index_uri, "chunks", files.source.source_id)
    texts = [row["text"] for row in rows if row["path"] == "run.sh"]
    assert sum(text.count("<<A") for text in texts) == 10_000
