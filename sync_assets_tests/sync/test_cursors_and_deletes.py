"""What may move the cursor, and what may delete: the corners."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest

from sync_assets.errors import LeaseLost
from sync_assets.index.reader import StoredChunks, StoredDocument
from sync_assets.index.rows import ListingRow
from sync_assets.models import ListingEntry
from sync_assets.search import search
from sync_assets.stores import Stores
from sync_assets.sync.diff import plan_documents, plan_index
from sync_assets.sync.removal import remove_source
from sync_assets_tests.toy import Toy, ToyConnector, World

ENTRY = ListingEntry("id", "a", "v1", "a")
CHUNKS = StoredChunks("v1", "hash", 1, "desk", count=1, distinct=1)


def fill(toy: Toy, count: int) -> None:
    toy.world.notes = {f"n{i:02}": f"text number {i}" for i in range(count)}


def keys(toy: Toy) -> list[str]:
    rows = toy.stores.reader.documents_stored(toy.source.source_id, "notes")
    return sorted(toy.stores.reader.keys(rows.keys()).values())


@pytest.mark.parametrize(
    "stored", [StoredDocument("v1", "hash", 1), StoredDocument("v1", "hash", 2, copies=2)]
)
def test_a_document_of_older_redaction_rules_or_stored_twice_is_not_yet_current(
    stored: StoredDocument,
):
    fetch = plan_documents([ENTRY], {"id": stored}, {}, redaction=2).fetch
    unfetched = plan_index(
        [ENTRY],
        {"id": stored},
        {"id": CHUNKS},
        {},
        complete=True,
        redaction=2,
        chunker=1,
        scope="desk",
    ).unfetched

    assert [entry.document_id for entry in fetch] == ["id"]
    assert unfetched == {"id"}


def test_documents_replaced_wholesale_are_held(toy: Toy):
    fill(toy, 12)
    toy.sync()
    toy.world.notes = {f"other {i}": f"other {i}" for i in range(13)}

    report = toy.sync()

    assert report.index is not None
    assert (report.index.documents_held, report.index.documents_deleted) == (12, 0)


def test_a_rejected_delete_stays_rejected_when_the_source_grows(toy: Toy):
    fill(toy, 12)
    toy.sync()
    for i in range(7):
        del toy.world.notes[f"n{i:02}"]
    toy.sync()
    (held,) = toy.stores.approvals.all(state="held")
    toy.stores.approvals.reject(held.approval_id)
    toy.world.notes |= {f"new {i}": f"new {i}" for i in range(9)}

    report = toy.sync()

    assert report.index is not None
    assert report.index.documents_deleted == 0
    assert {"n00", "n06"} <= set(keys(toy))


def test_an_edits_leave_for_large_deletes_ends_with_its_first_sync(toy: Toy):
    fill(toy, 12)
    toy.sync()
    toy.stores.registry.edit(toy.source.source_id, settings={"x": 1})
    toy.world.notes["bad"] = "bad"
    toy.world.broken = {"bad"}
    toy.sync()
    toy.clock.advance(timedelta(days=3).total_seconds())
    toy.world.notes = {"bad": "bad"}

    report = toy.sync()

    assert report.index is not None
    assert (report.index.documents_held, report.index.documents_deleted) == (12, 0)


def test_an_incomplete_listing_neither_answers_a_question_nor_verifies(toy: Toy):
    toy.sync()
    verified_at = toy.stores.cursors.get(toy.source.source_id, "notes").verified_at
    toy.world.notes.clear()
    toy.sync()
    (held,) = toy.stores.approvals.all(state="held")
    toy.stores.approvals.approve(held.approval_id)
    toy.world.complete = False
    toy.clock.advance(60)

    toy.sync()
    toy.sync()

    assert toy.stores.cursors.get(toy.source.source_id, "notes").verified_at == verified_at
    toy.world.complete = True
    toy.sync("full")
    assert keys(toy) == []


def test_a_listing_taken_by_a_process_that_slept_past_its_lease_is_not_recorded(toy: Toy):
    toy.sync()
    toy.world.notes["a"] = "middle"
    settings, world = toy.stores.settings, toy.world

    def sleep_while_another_process_indexes_the_newest() -> None:
        world.while_listing = None
        world.notes["a"] = "newest"
        toy.clock.advance(settings.lease_seconds + 1)
        with closing(Stores(settings, clock=toy.clock)) as stores:
            newest = World(dict(world.notes))
            Toy(stores, toy.source, newest, toy.clock).sync()

    world.while_listing = sleep_while_another_process_indexes_the_newest
    with pytest.raises(LeaseLost):
        toy.step("list")

    assert toy.differences() == []
    assert toy.sync().listing.unchanged


def wrong_reason(toy: Toy) -> None:
    source_id = toy.source.source_id
    stored = toy.stores.reader.documents_stored(source_id, "notes")
    names = toy.stores.reader.keys(stored.keys())
    document_id = next(key for key, name in names.items() if name == "a")
    row = ListingRow(document_id, "a", stored[document_id].version, "binary")
    with toy.stores.leases.hold("a test", 60) as lease:
        toy.stores.writer(lease).note_listed(source_id, "notes", [row])


def test_repair_does_not_trust_a_wrong_reason_on_record(toy: Toy):
    toy.sync()
    wrong_reason(toy)

    assert not toy.verify().equal
    assert toy.verify(repair=True).differences == []
    assert toy.differences() == []


def fail_to_fetch(toy: Toy) -> None:
    toy.world.broken = {"z"}
    toy.sync()


def index_by_hand(toy: Toy) -> None:
    toy.step("list")
    toy.step("index")


@pytest.mark.parametrize("half_a_sync", [fail_to_fetch, index_by_hand])
def test_a_renamed_document_is_found_at_its_old_path_until_the_new_one_is_stored(
    toy: Toy, half_a_sync: Callable[[Toy], None]
):
    toy.world.content_proven = True
    toy.sync()
    toy.world.notes["z"] = toy.world.notes.pop("a")

    half_a_sync(toy)
    assert "a" in keys(toy)

    toy.world.broken = set()
    toy.sync()
    assert toy.differences() == []


def test_a_hit_says_that_a_newer_state_is_listed(toy: Toy):
    toy.sync()
    toy.world.notes["a"] = "changed"
    toy.step("list")

    (hit,) = search(toy.stores, "one", mode="text").hits

    assert hit.stale == "unknown"
    assert hit.stale_because == "a newer state of the source is listed and not yet indexed"


def test_a_source_can_be_removed_after_the_model_was_changed(toy: Toy):
    toy.sync()
    local = toy.stores.settings.model_copy(update={"embedder": "local"})

    with closing(Stores(local, clock=toy.clock)) as stores:
        remove_source(stores, toy.source, ToyConnector(toy.world))

    assert toy.stores.reader.counts() == {}
