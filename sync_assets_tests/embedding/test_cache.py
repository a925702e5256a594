import os
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from sync_assets.embedding.base import Vectors
from sync_assets.embedding.cache import VectorCache, open_cache
from sync_assets.embedding.cache_file import CacheFile
from sync_assets.errors import InvalidSettings, StoreUnavailable
from sync_assets.models import digest
from sync_assets.settings import Settings
from sync_assets_tests.embedding.put_vectors import FINGERPRINT, batch_of

STATUS = Path("/proc/self/statm")


def _resident_bytes() -> int:
    return int(STATUS.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _bits(vectors: dict[str, Vectors]) -> dict[str, bytes]:
    return {key: vector.tobytes() for key, vector in vectors.items()}


@contextmanager
def _putting(home: Path, first: int, end: int) -> Generator[subprocess.Popen[str]]:
    module = "sync_assets_tests.embedding.put_vectors"
    command = [sys.executable, "-m", module, str(home), str(first), str(end)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process


@limits(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=4, max_size=400).filter(lambda bits: len(bits) % 4 == 0))
def test_every_float_comes_back_bit_for_bit(cache: VectorCache, bits: bytes):
    key = digest(bits)
    cache.put_many("f", {key: np.frombuffer(bits, dtype=np.float32)})

    assert _bits(cache.get_many("f", [key])) == {key: bits}


def test_only_what_was_put_is_found(cache: VectorCache):
    batch = batch_of(0)
    cache.put_many("f", batch)
    cache.put_many("f", {})

    assert _bits(cache.get_many("f", [*batch, *batch, *batch_of(1)])) == _bits(batch)
    assert cache.get_many("another fingerprint", batch) == {}
    assert cache.get_many("f", []) == {}


def test_more_hashes_than_one_lookup_takes_are_all_found(cache: VectorCache):
    vectors = {f"{number:032x}": np.full(4, number, np.float32) for number in range(12_000)}
    cache.put_many("f", vectors)

    assert _bits(cache.get_many("f", vectors)) == _bits(vectors)


@pytest.mark.skipif(not STATUS.exists(), reason="the system does not tell a process its memory")
def test_lookups_of_a_hundred_sizes_leave_no_statement_of_each_behind(cache: VectorCache):
    hashes = [f"{number:032x}" for number in range(4_000)]
    cache.get_many("f", hashes)
    before = _resident_bytes()
    for count in range(100):
        cache.get_many("f", hashes[count:])

    assert _resident_bytes() - before < 20_000_000


def test_a_vector_that_is_there_stays_and_its_neighbours_are_put(cache: VectorCache):
    old, new = np.zeros(4, np.float32), np.ones(4, np.float32)
    cache.put_many("f", {"b": old})
    cache.put_many("f", {"a": new, "b": new, "c": new})

    assert _bits(cache.get_many("f", "abc")) == _bits({"a": new, "b": old, "c": new})


def test_a_cache_opened_again_holds_what_was_put(either: Settings):
    with closing(open_cache(either)) as cache:
        cache.put_many("f", batch_of(0))

    with closing(open_cache(either)) as cache:
        assert _bits(cache.get_many("f", batch_of(0))) == _bits(batch_of(0))


def test_a_row_of_the_sliced_matrix_is_put_exactly(cache: VectorCache):
    columns = np.arange(40, dtype=np.float32).reshape(4, 10)[:, ::2]
    cache.put_many("f", {"a": columns[2]})

    assert cache.get_many("f", "a")["a"].tolist() == [20, 22, 24, 26, 28]


def test_two_processes_that_write_the_same_and_other_rows_at_once_keep_all(settings: Settings):
    with _putting(settings.home, 0, 40) as one, _putting(settings.home, 20, 60) as other:
        assert (one.wait(), other.wait()) == (0, 0)

    with closing(open_cache(settings)) as cache:
        for number in range(60):
            assert _bits(cache.get_many(FINGERPRINT, batch_of(number))) == _bits(batch_of(number))


def test_a_writer_killed_while_it_puts_loses_no_batch_it_was_told_of(settings: Settings):
    for first in range(0, 4_000, 1_000):
        with _putting(settings.home, first, first + 1_000) as process:
            assert process.stdout
            kept = [int(process.stdout.readline()) for _ in range(5)]
            process.kill()
            kept += [int(line) for line in process.stdout if line.endswith("\n")]

        with closing(open_cache(settings)) as cache:
            for number in kept:
                found = cache.get_many(FINGERPRINT, batch_of(number))
                assert _bits(found) == _bits(batch_of(number))
            torn = cache.get_many(FINGERPRINT, batch_of(kept[-1] + 1))
            assert len(torn) in {0, 100}

    with closing(sqlite3.connect(settings.home / "vectors.db")) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert not (settings.home / "vectors.db.damaged").exists()


def test_a_file_that_is_not_a_database_is_set_aside_when_opened(
    settings: Settings, caplog: pytest.LogCaptureFixture
):
    settings.home.mkdir(exist_ok=True)
    file = settings.home / "vectors.db"
    file.write_bytes(b"no database " * 1_000)

    with closing(open_cache(settings)) as cache:
        cache.put_many("f", batch_of(0))
        assert _bits(cache.get_many("f", batch_of(0))) == _bits(batch_of(0))

    assert (settings.home / "vectors.db.damaged").read_bytes() == b"no database " * 1_000
    assert "vectors.db.damaged" in caplog.text


def test_a_file_damaged_within_is_set_aside_when_noticed_once_for_all_who_use_it(
    settings: Settings,
):
    with closing(open_cache(settings)) as cache:
        for number in range(10):
            cache.put_many("f", batch_of(number))
    file = settings.home / "vectors.db"
    content = bytearray(file.read_bytes())
    content[8_192:-8_192] = b"\xff" * (len(content) - 16_384)
    file.write_bytes(content)

    with closing(open_cache(settings)) as one, closing(open_cache(settings)) as other:
        assert one.get_many("f", batch_of(5)) == {}
        one.put_many("f", batch_of(5))
        assert _bits(other.get_many("f", batch_of(5))) == _bits(batch_of(5))

    assert (settings.home / "vectors.db.damaged").read_bytes()[8_192:16_384] == b"\xff" * 8_192


def test_the_file_is_private(settings: Settings):
    open_cache(settings).close()

    assert (settings.home / "vectors.db").stat().st_mode & 0o077 == 0


def test_a_locked_file_is_a_clear_error_and_loses_nothing(settings: Settings):
    file = CacheFile(settings.home / "vectors.db")
    with closing(VectorCache(file.connect(busy_seconds=0.05), file)) as cache:
        cache.put_many("f", batch_of(0))
        with closing(sqlite3.connect(file.path)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailable, match=r"vectors\.db is locked by another"):
                cache.put_many("f", batch_of(1))
        cache.put_many("f", batch_of(1))

        assert len(cache.get_many("f", [*batch_of(0), *batch_of(1)])) == 200


def test_a_file_that_may_not_grow_is_a_clear_error_and_loses_nothing(settings: Settings):
    program = """
import resource, sys
from sync_assets.embedding.cache import open_cache
from sync_assets.errors import StoreUnavailable
from sync_assets_tests.embedding.put_vectors import FINGERPRINT, batch_of
from sync_assets.settings import Settings
cache = open_cache(Settings(home=sys.argv[1], embedder="hash"))
cache.put_many(FINGERPRINT, batch_of(0))
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    for number in range(1, 20):
        cache.put_many(FINGERPRINT, batch_of(number))
except StoreUnavailable as error:
    print(error)
"""
    command = [sys.executable, "-c", program, str(settings.home)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert "vectors.db" in done.stdout
    assert "disk" in done.stdout
    with closing(open_cache(settings)) as cache:
        assert _bits(cache.get_many(FINGERPRINT, batch_of(0))) == _bits(batch_of(0))


def test_a_home_that_cannot_be_made_is_a_clear_error(tmp_path: Path):
    (tmp_path / "home").write_text("a file")

    with pytest.raises(StoreUnavailable, match="SYNC_ASSETS_HOME"):
        open_cache(Settings(home=tmp_path / "home"))


def test_a_malformed_database_url_is_a_wrong_setting(tmp_path: Path):
    with pytest.raises(InvalidSettings, match="SYNC_ASSETS_DATABASE_URL"):
        open_cache(Settings(home=tmp_path, database_url="mysql://host/name"))  # pyright: ignore[reportArgumentType] - as the environment gives it
