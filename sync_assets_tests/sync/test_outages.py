"""Stores that fail, clocks that jump, homes that collide: a clear error, and nothing lost."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sync_assets.errors import LeaseHeld, StoreUnavailable
from sync_assets.settings import Settings
from sync_assets.stores import Stores
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.toy import Toy


def test_a_control_database_locked_by_another_process_is_a_clear_error(
    settings: Settings, clock: FakeClock
):
    with closing(Stores(settings, clock=clock, busy_seconds=0.1)) as stores:
        source = stores.registry.add("toy", "desk", {}, "*/15 * * * *")
        toy = Toy.with_notes(stores, source, clock)
        toy.sync()
        toy.world.notes["a"] = "changed"
        with closing(sqlite3.connect(settings.home / "control.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailable, match="locked by another process"):
                toy.sync()

        toy.sync()
        assert toy.differences() == []


def test_a_clock_set_back_loses_nothing(toy: Toy):
    toy.sync()
    toy.clock.set_wall(-3600)
    toy.world.notes["a"] = "changed"

    toy.sync()

    assert toy.differences() == []


def test_a_clock_set_back_does_not_prolong_a_dead_processes_lease(toy: Toy):
    toy.stores.leases.acquire("toy:desk/notes", 60, "a process that was killed")
    toy.clock.set_wall(-3600)
    with pytest.raises(LeaseHeld):
        toy.sync()
    toy.clock.advance(61)

    toy.sync()

    assert toy.differences() == []


def test_a_second_home_is_refused_an_index_that_another_owns(toy: Toy, tmp_path: Path):
    toy.sync()
    index = toy.stores.settings.index_uri
    second = Settings(home=tmp_path / "second", index_uri=index, embedder="hash")
    with closing(Stores(second, clock=toy.clock)) as stores:
        source = stores.registry.add("toy", "desk", {}, "*/15 * * * *")
        intruder = Toy.with_notes(stores, source, toy.clock)
        with pytest.raises(StoreUnavailable, match="SYNC_ASSETS_"):
            intruder.sync()

    assert toy.differences() == []


def test_another_model_is_refused_before_anything_is_written(toy: Toy):
    toy.sync()
    before = toy.versions()
    local = toy.stores.settings.model_copy(update={"embedder": "local"})
    with closing(Stores(local, clock=toy.clock)) as stores:
        other = Toy(stores, toy.source, toy.world, toy.clock)
        toy.world.notes["a"] = "changed"
        with pytest.raises(Exception, match="SYNC_ASSETS_"):
            other.sync()

    assert toy.versions() == before
    toy.sync()
    assert toy.differences() == []
