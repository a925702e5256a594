from datetime import timedelta

import pytest

from sync_assets.control.cursors import Cursor, Cursors
from sync_assets.control.database import ControlDatabase
from sync_assets.control.registry import Registry
from sync_assets.errors import UnknownSource
from sync_assets.models import Source
from sync_assets_tests.fakes import FakeClock

KEY = ("github:owner/name", "files")


@pytest.fixture
def cursors(database: ControlDatabase, clock: FakeClock) -> Cursors:
    return Cursors(database, clock)


def test_a_stream_begins_with_an_empty_cursor(cursors: Cursors, source: Source):
    assert cursors.get(*KEY) == Cursor(*KEY)
    assert cursors.all() == ()


def test_an_indexed_listing_is_verified_as_of_when_it_began(
    cursors: Cursors, source: Source, clock: FakeClock
):
    begun_at = clock()
    cursors.set_listed(*KEY, "commit 1", at=begun_at)
    clock.advance(90)
    cursors.set_indexed(*KEY, "commit 1", "basis 1", verified=True)

    assert cursors.get(*KEY) == Cursor(
        *KEY,
        watermark="commit 1", basis="basis 1", indexed_at=begun_at + timedelta(seconds=90),
        listed_watermark="commit 1", listed_at=begun_at,
        verified_at=begun_at,
    )  # fmt: skip


def test_what_is_listed_and_not_yet_indexed_verifies_nothing(
    cursors: Cursors, source: Source, clock: FakeClock
):
    cursors.set_listed(*KEY, "commit 1", at=clock())
    assert cursors.get(*KEY).verified_at is None
    assert cursors.get(*KEY).watermark is None
    cursors.set_indexed(*KEY, "commit 1", "basis", verified=False)
    assert cursors.get(*KEY).verified_at is None


def test_indexing_an_older_listing_than_the_last_does_not_verify_as_of_the_last(
    cursors: Cursors, source: Source, clock: FakeClock
):
    cursors.set_verified(*KEY, clock())
    before = clock()
    clock.advance(60)
    cursors.set_listed(*KEY, "commit 2", at=clock())
    cursors.set_indexed(*KEY, "commit 1", "basis", verified=True)
    assert cursors.get(*KEY).verified_at == before


def test_an_unchanged_listing_moves_only_the_time_of_verification(
    cursors: Cursors, source: Source, clock: FakeClock
):
    cursors.set_listed(*KEY, "commit 1", at=clock())
    cursors.set_indexed(*KEY, "commit 1", "basis", verified=True)
    before = cursors.get(*KEY)
    clock.advance(900)
    cursors.set_verified(*KEY, clock())
    after = cursors.get(*KEY)
    assert after.verified_at == clock()
    assert (after.watermark, after.indexed_at) == (before.watermark, before.indexed_at)


def test_a_sweep_that_is_wanted_while_one_is_under_way_is_still_due(
    cursors: Cursors, source: Source, clock: FakeClock
):
    for wanted_after in (0, 60):
        cursors.want_sweep(*KEY, clock())
        begun_at = clock()
        clock.advance(wanted_after)
        cursors.want_sweep(*KEY, wanted := clock())
        clock.advance(60)
        cursors.set_listed(*KEY, "1", at=begun_at)
        following = begun_at + timedelta(days=1)
        cursors.set_indexed(
            *KEY, "1", "basis", verified=True, swept_at=begun_at, sweep_due_at=following
        )

        assert cursors.get(*KEY).sweep_due_at == (wanted if wanted_after else following)


def test_streams_and_sources_have_cursors_of_their_own(
    cursors: Cursors, registry: Registry, source: Source, clock: FakeClock
):
    registry.add("github", "owner/other", {}, "* * * * *")
    keys = [KEY, ("github:owner/name", "issues"), ("github:owner/other", "files")]
    for key in reversed(keys):
        cursors.set_listed(*key, f"of {key}", at=clock())
    assert [(row.source_id, row.stream, row.listed_watermark) for row in cursors.all()] == [
        (*key, f"of {key}") for key in keys
    ]


def test_a_run_that_outlives_its_source_cannot_store_a_cursor(
    cursors: Cursors, registry: Registry, source: Source
):
    registry.delete(source.source_id)
    with pytest.raises(UnknownSource, match="removed meanwhile"):
        cursors.set_indexed(*KEY, "commit 1", "basis", verified=True)
