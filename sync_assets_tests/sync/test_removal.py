import pytest

from sync_assets.errors import LeaseHeld, UnknownSource
from sync_assets.sync.engine import lease_name
from sync_assets.sync.removal import remove_source
from sync_assets_tests import oracle
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
