"""Processes that are killed, stopped and set against each other; judged by the oracle."""

import random
import resource
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from sync_assets import sources
from sync_assets.errors import LeaseHeld
from sync_assets.stores import open_stores
from sync_assets_tests import oracle
from sync_assets_tests.sync.processes import ChangingRepository, Process, Reader, torn
from sync_assets_tests.sync.syncer import LEASE_SECONDS, process_settings, sync_once


def register(home: Path, repository: ChangingRepository) -> str:
    with closing(open_stores(process_settings(home))) as stores:
        return sources.register(stores.registry, "git", str(repository.path)).source_id


def differences(home: Path, source_id: str, repository: ChangingRepository) -> list[str]:
    index = process_settings(home).index_uri
    return oracle.differences(index, source_id, repository.searchable())


def kill_at_random(tmp_path: Path, kills: int, longest_seconds: float) -> int:
    """Kill `kills` syncs at random moments under a reader; the number of reads."""
    chance = random.Random(11)
    repository = ChangingRepository(tmp_path / "repository")
    home = tmp_path / "home"
    source_id = register(home, repository)
    sync_once(home, source_id)
    index = process_settings(home).index_uri
    with Reader(index, source_id, repository) as reader:
        upcoming = Process(home, source_id)
        for _ in range(kills):
            process, upcoming = upcoming.wait_until_ready(), Process(home, source_id)
            repository.change()
            process.begin()
            process.run_for(chance.uniform(0, longest_seconds))
            process.kill()
        upcoming.kill()
    assert reader.faults == []
    home_free_at_last(home, source_id)
    assert differences(home, source_id, repository) == []
    return reader.reads


def home_free_at_last(home: Path, source_id: str) -> None:
    """One undisturbed sync, once the lease of the last one killed has run out."""
    for _ in range(100 * LEASE_SECONDS):
        try:
            sync_once(home, source_id)
        except LeaseHeld:
            Event().wait(LEASE_SECONDS / 10)
        else:
            return
    pytest.fail("the lease of a process that is dead is held for ever")


def test_killed_syncs_leave_whole_documents_and_the_next_one_ends_equal(tmp_path: Path):
    assert kill_at_random(tmp_path, kills=5, longest_seconds=0.8) > 0


@pytest.mark.chaos
@pytest.mark.timeout(1800)
def test_a_hundred_killed_syncs_leave_whole_documents_and_the_next_one_ends_equal(
    tmp_path: Path, record_property: Callable[[str, object], None]
):
    kills = 110
    reads = kill_at_random(tmp_path, kills=kills, longest_seconds=0.8)
    record_property("kills", kills)
    record_property("whole reads of all documents meanwhile", reads)
    assert reads > 0


def test_a_sync_stopped_past_its_lease_commits_nothing_once_it_wakes(tmp_path: Path):
    repository = ChangingRepository(tmp_path / "repository")
    home = tmp_path / "home"
    source_id = register(home, repository)
    sync_once(home, source_id)
    sleeper = Process(home, source_id).wait_until_ready()
    for stage in ("fetch", "index"):
        repository.change()
        sleeper.begin(stop_at=stage)
        sleeper.wait_until_stopped()
        repository.change()
        home_free_at_last(home, source_id)

        sleeper.popen.send_signal(signal.SIGCONT)
        outcome = sleeper.outcome()

        assert outcome.startswith("LeaseLost")
        assert differences(home, source_id, repository) == []
    sleeper.kill()


def test_processes_on_one_source_and_on_another_of_its_index_end_exact(tmp_path: Path):
    home = tmp_path / "home"
    repositories = [ChangingRepository(tmp_path / name) for name in ("one", "two")]
    one, two = (register(home, repository) for repository in repositories)
    processes = [Process(home, source_id).wait_until_ready() for source_id in (one, one, two)]

    for _ in range(3):
        for repository in repositories:
            repository.change()
        for process in processes:
            process.begin()
        *rivals, alone = (process.outcome().split(":")[0] for process in processes)
        assert alone == "synced"
        assert "synced" in rivals
        assert {*rivals} <= {"synced", "LeaseHeld"}
    for process in processes:
        process.kill()

    home_free_at_last(home, one)
    for source_id, repository in zip((one, two), repositories, strict=True):
        assert differences(home, source_id, repository) == []


def test_a_full_disk_is_one_clear_error_and_loses_nothing(tmp_path: Path):
    repository = ChangingRepository(tmp_path / "repository")
    home = tmp_path / "home"
    source_id = register(home, repository)
    sync_once(home, source_id)
    repository.change()
    process = Process(home, source_id).wait_until_ready()
    # No file may grow beyond this: what a full disk is to a process, without filling one.
    resource.prlimit(process.popen.pid, resource.RLIMIT_FSIZE, (2_000, 2_000))
    process.begin()
    outcome = process.outcome()
    process.kill()

    assert outcome.startswith(("StoreUnavailable", "SourceUnavailable"))
    index = process_settings(home).index_uri
    assert torn(oracle.rows(index, "chunks", source_id), repository.versions) == []
    home_free_at_last(home, source_id)
    assert differences(home, source_id, repository) == []


def test_the_reader_finds_a_planted_torn_document(tmp_path: Path):
    repository = ChangingRepository(tmp_path / "repository", files=6)
    home = tmp_path / "home"
    source_id = register(home, repository)
    sync_once(home, source_id)
    rows = oracle.rows(process_settings(home).index_uri, "chunks", source_id)
    assert torn(rows, repository.versions) == []

    assert torn(rows[1:], repository.versions) != []
    assert torn([*rows, rows[0]], repository.versions) != []
