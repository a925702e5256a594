from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sync_assets.control.database import ControlDatabase
from sync_assets.control.handshakes import Handshakes
from sync_assets.errors import InvalidSettings, StoreUnavailable
from sync_assets_tests.fakes import FakeClock


@pytest.fixture
def handshakes(database: ControlDatabase, tmp_path: Path, clock: FakeClock) -> Handshakes:
    return Handshakes(database, tmp_path, clock)


def test_no_key_is_kept_where_no_window_is_open(handshakes: Handshakes, clock: FakeClock):
    assert not handshakes.accept("notion", "key")
    handshakes.open("notion")
    clock.advance(600)

    assert not handshakes.is_open("notion")
    assert not handshakes.accept("notion", "key")
    assert handshakes.key("notion") is None


def test_one_key_is_kept_in_a_file_of_the_owner_and_nowhere_else(
    handshakes: Handshakes, tmp_path: Path
):
    handshakes.open("notion")
    assert handshakes.is_open("notion")

    def tell(key: str) -> bool:
        return handshakes.accept("notion", key)

    keys = ["a", "b", "c", "d"]
    with ThreadPoolExecutor(4) as callers:
        kept = list(callers.map(tell, keys))

    assert kept.count(True) == 1
    assert handshakes.key("notion") == keys[kept.index(True)]
    (file,) = (tmp_path / "webhook_keys").iterdir()
    assert (file, file.stat().st_mode & 0o777) == (handshakes.place("notion"), 0o600)
    assert not handshakes.is_open("notion")


def test_a_window_is_not_opened_over_a_key_and_is_opened_after_it_is_forgotten(
    handshakes: Handshakes,
):
    handshakes.open("notion")
    assert handshakes.accept("notion", "first")
    with pytest.raises(InvalidSettings, match="never replaced"):
        handshakes.open("notion")
    handshakes.forget("notion")
    handshakes.open("notion")

    assert handshakes.accept("notion", "second")
    assert handshakes.key("notion") == "second"


def test_a_key_that_came_by_another_way_meanwhile_stays(handshakes: Handshakes):
    handshakes.open("notion")
    place = handshakes.place("notion")
    place.parent.mkdir()
    place.write_text("there")

    assert not handshakes.accept("notion", "told")
    assert handshakes.key("notion") == "there"


def test_a_folder_that_cannot_be_written_keeps_the_window_open(
    handshakes: Handshakes, tmp_path: Path
):
    handshakes.open("notion")
    (tmp_path / "webhook_keys").write_text("no folder")

    with pytest.raises(StoreUnavailable, match="webhook_keys"):
        handshakes.accept("notion", "key")
    (tmp_path / "webhook_keys").unlink()
    assert handshakes.accept("notion", "key")
