"""The cache may be lost, damaged, shared and killed upon: documents stay what git says."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sync_assets.git.cache import MAX_PACKS, UNUSED_SECONDS
from sync_assets.sandbox.faults import Stalled
from sync_assets.sandbox.repositories import Repository
from sync_assets.sandbox.server import Sandbox
from sync_assets.settings import Settings
from sync_assets_tests.connectors.sessions import files_session, noise, source_of, sync

SOURCE = source_of("github", "acme/x")
DAMAGES = ["remove", "empty", "truncate", "flip first", "flip middle", "flip last"]


def damage(path: Path, how: str) -> None:
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    match how:
        case "remove":
            path.unlink()
            return
        case "empty":
            data.clear()
        case "truncate":
            del data[len(data) // 2 :]
        case "flip first":
            data[0] ^= 0x15
        case "flip middle":
            data[len(data) // 2] ^= 0x15
        case _:
            data[-1] ^= 0x15
    path.write_bytes(data)


def is_filled(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def only_cache(settings: Settings) -> Path:
    [cache] = [path for path in (settings.home / "git").iterdir() if path.is_dir()]
    return cache


def test_damage_to_any_file_of_the_cache_is_mended_by_the_next_sync(
    settings: Settings, repository: Repository
):
    """Either what is kept is still right, or it is noticed and fetched anew."""
    by_path = source_of("git", str(repository.path))
    repository.commit({"old.txt": "old content\n" * 9, "big.txt": noise(1_200_000, "b")})
    repository.commit({"old.txt": "newer\n"})
    before = sync(settings, by_path)
    repository.commit({"more.txt": "more\n"})
    sync(settings, by_path, before.listing.watermark)
    cache = only_cache(settings)
    saved = shutil.copytree(cache, cache.parent.parent / "saved")
    # The next commit brings back a blob of a parent that the shallow cache never had.
    repository.commit({"old.txt": "old content\n" * 9, "more.txt": None, "last.txt": "last\n"})
    expected = sync(settings.model_copy(update={"home": saved.parent / "clean"}), by_path)
    assert expected.texts["old.txt"].startswith("old content")

    files = [path.relative_to(saved) for path in saved.rglob("*") if is_filled(path)]
    for name in sorted(files):
        for how in DAMAGES:
            shutil.rmtree(cache)
            shutil.copytree(saved, cache)
            damage(cache / name, how)

            seen = sync(settings, by_path, before.listing.watermark)

            assert seen.texts == expected.texts, f"{how}: {name}"
            assert seen.reasons == {"big.txt": "too_large"}, f"{how}: {name}"
            assert seen.failures == {}


def test_one_wrong_byte_in_an_index_is_noticed_wherever_it_is(
    settings: Settings, repository: Repository
):
    """git would take a blob that it cannot find for one that never came: for a too large one."""
    by_path = source_of("git", str(repository.path))
    repository.commit({f"f{i}.txt": f"{i}\n" for i in range(30)})
    first = sync(settings, by_path)
    cache = only_cache(settings)
    saved = shutil.copytree(cache, cache.parent.parent / "saved")
    [index] = cache.glob("objects/pack/*.idx")

    # Past the header and the fan-out table stand the sorted ids.
    for position in range(8 + 1024, 8 + 1024 + 34 * 20, 67):
        shutil.rmtree(cache)
        shutil.copytree(saved, cache)
        data = bytearray(index.read_bytes())
        data[position] ^= 0x01
        index.chmod(0o600)
        index.write_bytes(data)

        with files_session(by_path, settings) as session:
            assert session.relist(first.listing.watermark) == first.listing, position


def test_damage_between_listing_and_fetching_is_mended_on_the_spot(
    settings: Settings, repository: Repository
):
    repository.commit({f"f{i}.txt": noise(500, str(i)) for i in range(9)})
    with files_session(SOURCE, settings) as session:
        listing = session.list(None)
        [pack] = only_cache(settings).glob("objects/pack/*.pack")
        damage(pack, "flip middle")

        fetched = list(session.fetch(listing.entries, listing.watermark))

    assert sorted(type(outcome).__name__ for outcome in fetched) == ["Document"] * 11


def test_cache_that_vanished_between_listing_and_fetching_is_made_anew(
    settings: Settings, repository: Repository
):
    with files_session(SOURCE, settings) as session:
        listing = session.list(None)
        list(session.fetch(listing.entries, listing.watermark))
        shutil.rmtree(settings.home)

        fetched = list(session.fetch(listing.entries, listing.watermark))

    assert sorted(type(outcome).__name__ for outcome in fetched) == ["Document"] * 2


def test_cache_starts_anew_after_a_hundred_packs(settings: Settings, repository: Repository):
    first = sync(settings, SOURCE)
    packs = only_cache(settings) / "objects" / "pack"
    for number in range(MAX_PACKS):
        (packs / f"pack-{number}.pack").touch()
    repository.commit({"new": "new"})

    second = sync(settings, SOURCE, first.listing.watermark)

    assert second.texts["new"] == "new"
    assert len(list(packs.glob("*.pack"))) == 1


def test_caches_that_nobody_used_for_a_month_are_removed(
    settings: Settings, sandbox: Sandbox, repository: Repository
):
    sync(settings, SOURCE)
    old = only_cache(settings)
    long_ago = time.time() - UNUSED_SECONDS - 60
    os.utime(old.with_suffix(".lock"), (long_ago, long_ago))
    sandbox.repositories.create("acme/y").commit({"a": "a"})

    sync(settings, source_of("github", "acme/y"))

    assert not old.exists()
    assert len(sync(settings, SOURCE).texts) == 2


def test_a_cache_of_a_repository_that_never_changes_counts_as_used(
    settings: Settings, repository: Repository
):
    repository.commit({"a": b"a\n"})
    watermark = sync(settings, SOURCE).listing.watermark
    (lock,) = (settings.home / "git").glob("*.lock")
    long_ago = time.time() - UNUSED_SECONDS - 1
    os.utime(lock, (long_ago, long_ago))

    assert sync(settings, SOURCE, since=watermark).listing.unchanged

    assert lock.stat().st_mtime > long_ago + 1


def test_what_a_killed_git_left_behind_is_removed(settings: Settings, repository: Repository):
    first = sync(settings, SOURCE)
    cache = only_cache(settings)
    (cache / "shallow.lock").touch()
    (cache / "objects" / "pack" / "tmp_pack_Ab12").write_bytes(b"half a pack")
    [ref] = (cache / "refs" / "sync").iterdir()
    ref.with_suffix(".lock").touch()
    repository.commit({"new": "new"})

    assert sync(settings, SOURCE, first.listing.watermark).texts["new"] == "new"
    assert not [*cache.rglob("*.lock"), *cache.rglob("tmp_*")]


def test_sources_with_one_url_share_a_cache_and_sync_at_once(
    settings: Settings, sandbox: Sandbox, repository: Repository
):
    repository.create_branch("dev")
    repository.commit({"dev.txt": "dev"}, branch="dev")
    sources = [source_of("github", f"acme/x{suffix}") for suffix in ("", "@dev", "@main", "@dev")]
    texts: dict[int, dict[str, str]] = {}

    def run(number: int) -> None:
        texts[number] = sync(settings, sources[number]).texts

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(sources))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    on_main = {"README.md": "# X\n", "src/main.py": "print(1)\n"}
    on_dev = on_main | {"dev.txt": "dev"}
    assert [texts[number] for number in range(4)] == [on_main, on_dev, on_main, on_dev]
    assert only_cache(settings).is_dir()


def test_threads_read_batches_of_one_session_at_once(settings: Settings, repository: Repository):
    repository.commit({f"f{i:03}.txt": f"{i}\n" for i in range(250)})
    texts: dict[str, str] = {}
    with files_session(SOURCE, settings) as session:
        listing = session.list(None)

        def read(start: int) -> None:
            for outcome in session.fetch(listing.entries[start : start + 50], listing.watermark):
                texts[getattr(outcome, "key", "")] = getattr(outcome, "text", "")

        starts = range(0, len(listing.entries), 50)
        threads = [threading.Thread(target=read, args=(start,)) for start in starts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert texts == sync(settings, SOURCE).texts


LIST = """
import sys
from datetime import UTC, datetime
from sync_assets.models import Source
from sync_assets.settings import load_settings
from sync_assets_tests.connectors.sessions import files_session
now = datetime.now(UTC)
source = Source(source_id="s", connector="github", scope="acme/x", identity="s", settings={},
                cron="* * * * *", status="active", generation=1, created_at=now)
with files_session(source, load_settings()) as session:
    session.list(None)
"""


@pytest.mark.parametrize("after_bytes", [1, 200, 60_000])
def test_fetch_that_is_killed_leaves_nothing_in_the_way(
    settings: Settings, sandbox: Sandbox, repository: Repository, after_bytes: int
):
    repository.commit({f"f{i}.txt": noise(4000, str(i)) for i in range(40)})
    sandbox.faults.add(Stalled(after_bytes=after_bytes, seconds=60), service="fetch")
    environment = {
        **os.environ,
        "SYNC_ASSETS_HOME": str(settings.home),
        "SYNC_ASSETS_GITHUB_WEB_URL": sandbox.url,
    }
    process = subprocess.Popen([sys.executable, "-c", LIST], env=environment)
    while not any(r.service == "fetch" and r.bytes_out for r in sandbox.requests):
        assert process.poll() is None
        os.sched_yield()
    process.send_signal(signal.SIGKILL)
    process.wait()

    seen = sync(settings, SOURCE)

    assert len(seen.texts) == 42
    assert not list(settings.home.rglob("tmp_*"))
