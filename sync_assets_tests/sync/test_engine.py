import pytest

from sync_assets.errors import SourceUnavailable
from sync_assets_tests import oracle
from sync_assets_tests.toy import Toy


def test_a_first_sync_makes_the_index_equal_to_the_source(toy: Toy):
    report = toy.sync()

    assert toy.differences() == []
    assert report.documents is not None
    assert report.documents.added == 3
    assert report.index is not None
    assert report.index.texts_embedded == 3


def test_a_sync_with_nothing_new_polls_once_and_writes_nothing(toy: Toy):
    toy.sync()
    before, polls = toy.versions(), toy.world.polls

    report = toy.sync()

    assert report.listing.unchanged
    assert report.index is None
    assert toy.world.polls == polls + 1
    assert toy.versions() == before


def test_a_full_sync_with_nothing_new_fetches_embeds_and_writes_nothing(toy: Toy):
    toy.sync()
    before = toy.versions()
    toy.world.fetched.clear()

    report = toy.sync("full")

    assert report.index is not None
    assert report.index.texts_embedded == 0
    assert toy.world.fetched == []
    assert toy.versions() == before


def test_one_changed_document_is_the_only_one_fetched_and_embedded(toy: Toy):
    toy.sync()
    toy.world.fetched.clear()
    toy.world.notes["b"] = "blue fish"

    report = toy.sync()

    assert toy.world.fetched == ["b"]
    assert report.index is not None
    assert (report.index.documents, report.index.texts_embedded) == (1, 1)
    assert toy.differences() == []


def test_a_moved_document_is_embedded_by_nobody(toy: Toy):
    toy.sync()
    toy.world.notes["moved"] = toy.world.notes.pop("a")

    report = toy.sync()

    assert report.documents is not None
    assert (report.documents.moved, report.documents.added) == (1, 0)
    assert report.index is not None
    assert report.index.texts_embedded == 0
    assert toy.differences() == []


def test_a_failed_document_is_on_record_keeps_its_last_good_version_and_the_cursor(toy: Toy):
    toy.sync()
    cursor = toy.stores.cursors.get(toy.source.source_id, "notes")
    toy.world.notes["a"] = "changed but broken"
    toy.world.notes["b"] = "changed and fine"
    toy.world.broken = {"a"}

    report = toy.sync()

    assert report.index is not None
    assert report.index.failures == 1
    assert {each.split(":")[0] for each in toy.differences()} == {"a.txt"}
    assert "one fish" in oracle.everything(toy.stores.settings.index_uri)
    assert [failure.key for failure in toy.stores.failures.list()] == ["a"]
    assert toy.stores.cursors.get(toy.source.source_id, "notes").watermark == cursor.watermark


def test_a_document_that_can_be_read_again_leaves_the_record_of_failures(toy: Toy):
    toy.world.broken = {"a"}
    toy.sync()
    toy.world.broken = set()

    toy.sync()

    assert toy.differences() == []
    assert toy.stores.failures.list() == ()


def test_an_outage_while_fetching_removes_nothing_and_the_next_sync_catches_up(toy: Toy):
    toy.sync()
    toy.world.notes["a"] = "changed"
    del toy.world.notes["c"]
    toy.world.outage = SourceUnavailable("the vendor is down")

    with pytest.raises(SourceUnavailable):
        toy.sync()
    rows = oracle.rows(toy.stores.settings.index_uri, "chunks", toy.source.source_id)
    assert sorted(row["text"] for row in rows) == ["one fish", "red fish", "two fish"]

    toy.world.outage = None
    toy.sync()
    assert toy.differences() == []


def test_a_document_that_turned_binary_is_no_longer_found_and_is_fetched_once(toy: Toy):
    toy.sync()
    toy.world.binary = {"a"}

    report = toy.sync()
    assert report.documents is not None
    assert report.documents.skipped == {"binary": 1}
    assert toy.differences() == []

    toy.world.fetched.clear()
    toy.sync("full")
    assert toy.world.fetched == []


def test_a_listing_that_lost_everything_is_held_until_an_operator_approves(toy: Toy):
    toy.sync()
    toy.world.notes.clear()

    report = toy.sync()
    assert report.index is not None
    assert report.index.documents_held == 3
    assert len(toy.differences()) == 3
    (held,) = toy.stores.approvals.all(state="held")
    assert held.sample_keys == ["a", "b", "c"]

    toy.stores.approvals.approve(held.approval_id)
    toy.sync()
    assert toy.differences() == []


def test_an_operators_edit_of_the_settings_may_delete_everything(toy: Toy):
    toy.sync()
    toy.stores.registry.edit(toy.source.source_id, settings={"pattern": "none"})
    toy.world.notes.clear()

    toy.sync()

    assert toy.differences() == []


def test_an_incomplete_listing_deletes_nothing(toy: Toy):
    toy.sync()
    gone = toy.world.notes.pop("a")
    toy.world.complete = False

    toy.sync()

    toy.world.notes["a"] = gone
    assert toy.differences() == []


def test_a_secret_in_a_document_is_in_no_table(toy: Toy):
    secret = "AKIA" + "IOSFODNN7" + "ABCDEFG"
    toy.world.notes["a"] = f"aws_access_key_id = {secret}\n"

    report = toy.sync()

    assert report.documents is not None
    assert report.documents.secrets_redacted == 1
    assert secret not in oracle.everything(toy.stores.settings.index_uri)


def test_a_lost_index_folder_is_built_anew_by_the_next_sync(toy: Toy):
    toy.sync()
    oracle.remove_index(toy.stores.settings.index_uri)

    report = toy.sync()

    assert toy.differences() == []
    assert report.index is not None
    assert report.index.texts_embedded == 0
