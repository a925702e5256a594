from contextlib import closing
from pathlib import Path

import pytest

from sync_assets import sources
from sync_assets.connectors.catalog import connector_named
from sync_assets.errors import LeaseHeld, UnknownSource
from sync_assets.sandbox.repositories import Repositories
from sync_assets.settings import Settings
from sync_assets.stores import open_stores
from sync_assets.sync.engine import StreamSync, lease_name, sync_stream
from sync_assets.sync.removal import remove_source
from sync_assets_tests import oracle
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.toy import Toy, ToyConnector


def test_a_removed_source_is_in_no_table_and_no_other_source_is_touched(toy: Toy):
    toy.sync()
    other = toy.stores.registry.add("toy", "other desk", {}, "*/15 * * * *")
    Toy(toy.stores, other, toy.world, toy.clock).sync()

    remove_source(toy.stores, toy.source, ToyConnector(toy.world))

    index = toy.stores.settings.index_uri
    for table in ("chunks", "documents", "listings"):
        assert oracle.rows(index, table, toy.source.source_id) == []
        assert len(oracle.rows(index, table, other.source_id)) == 3
    with pytest.raises(UnknownSource):
        toy.stores.registry.get(toy.source.source_id)


def test_a_removal_can_be_repeated(toy: Toy):
    toy.sync()

    remove_source(toy.stores, toy.source, ToyConnector(toy.world))
    remove_source(toy.stores, toy.source, ToyConnector(toy.world))


def test_a_source_is_not_removed_under_a_running_sync(toy: Toy):
    toy.sync()
    name = lease_name(toy.source, "notes")

    with toy.stores.leases.hold(name, 60, "another process"), pytest.raises(LeaseHeld):
        remove_source(toy.stores, toy.source, ToyConnector(toy.world))

    assert toy.differences() == []


def test_a_source_registered_again_after_its_removal_embeds_nothing_anew(toy: Toy):
    toy.sync()
    remove_source(toy.stores, toy.source, ToyConnector(toy.world))
    toy.source = toy.stores.registry.add("toy", "desk", {}, "*/15 * * * *")

    report = toy.sync()

    assert report.index is not None
    assert report.index.texts_embedded == 0
    assert toy.differences() == []


def test_a_removed_repository_leaves_no_raw_bytes_in_the_cache(
    settings: Settings, clock: FakeClock, tmp_path: Path
):
    repository = Repositories(tmp_path / "served", clock).create("acme/shop")
    repository.commit({"a.md": b"# A\n"})
    connector = connector_named("git")
    with closing(open_stores(settings, clock=clock)) as stores:
        source = sources.register(stores.registry, "git", str(repository.path))
        sync_stream(StreamSync(stores, source, connector, connector.streams[0]), "full")
        assert list((settings.home / "git").rglob("*.pack"))

        remove_source(stores, source, connector)

    assert not list((settings.home / "git").rglob("*.pack"))
