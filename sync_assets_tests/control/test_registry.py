import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial

import pytest
from pydantic import JsonValue

from sync_assets.control.database import ControlDatabase, open_database
from sync_assets.control.registry import Registry
from sync_assets.errors import InvalidSettings, UnknownSource
from sync_assets.models import Source
from sync_assets.settings import Settings
from sync_assets_tests.fakes import FakeClock

CRON = "*/15 * * * *"
ID = "github:owner/name"


def test_a_registered_source_comes_back_as_it_was_given(registry: Registry, clock: FakeClock):
    settings: dict[str, JsonValue] = {
        "branch": "main",
        "include": ["*.py", "\u00fc\u2603"],
        "depth": None,
    }
    added = registry.add("github", "owner/name", settings, CRON)

    assert added == Source(
        source_id=ID, connector="github", scope="owner/name", identity=ID, settings=settings,
        cron=CRON, status="active", generation=1, created_at=clock(),
    )  # fmt: skip
    assert registry.get(ID) == added
    assert registry.by_partition("github", "owner/name") == added


def test_the_same_scope_is_registered_once_for_a_connector(registry: Registry):
    registry.add("github", "owner/name", {}, CRON)
    registry.add("git", "owner/name", {}, CRON)
    with pytest.raises(InvalidSettings) as caught:
        registry.add("github", "owner/name", {}, CRON)
    assert str(caught.value) == (
        f"{ID} is registered already: change it with `sync-assets sources edit {ID}`"
    )


def test_of_writers_that_register_the_same_scope_at_once_one_succeeds(
    either: Settings, database: ControlDatabase
):
    start = threading.Barrier(4)
    outcomes: list[str] = []

    def add() -> None:
        with closing(open_database(either)) as mine:
            start.wait(timeout=30)
            try:
                Registry(mine).add("github", "owner/name", {}, CRON)
            except InvalidSettings:
                outcomes.append("refused")
            else:
                outcomes.append("added")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(outcomes) == ["added", "refused", "refused", "refused"]
    assert len(Registry(database).all()) == 1


def test_a_renamed_source_keeps_its_id_and_identity_and_its_old_name_is_free(registry: Registry):
    registry.add("github", "owner/name", {}, CRON)
    renamed = registry.edit(ID, scope="owner/renamed")
    newcomer = registry.add("github", "owner/name", {}, CRON)

    assert (renamed.source_id, renamed.identity, renamed.scope) == (ID, ID, "owner/renamed")
    assert (newcomer.source_id, newcomer.identity) == (f"{ID}~2", f"{ID}~2")
    assert registry.by_partition("github", "owner/renamed").source_id == ID
    assert registry.by_partition("github", "owner/name") == newcomer


def test_a_source_cannot_be_renamed_onto_another(registry: Registry):
    registry.add("github", "owner/name", {}, CRON)
    registry.add("github", "owner/other", {}, CRON)
    with pytest.raises(InvalidSettings, match="github:owner/other is registered already"):
        registry.edit(ID, scope="owner/other")


@pytest.mark.parametrize(
    ("asked", "advice"),
    [
        ("github:ownr/name", "did you mean github:owner/name?"),
        ("owner/name", "did you mean github:owner/name?"),
        ("name", "did you mean github:owner/name?"),
        ("zzz", "see `sync-assets sources list`"),
    ],
)
def test_an_unknown_source_is_answered_with_close_ones(
    registry: Registry, source: Source, asked: str, advice: str
):
    registry.add("slack", "C0123", {}, CRON)
    with pytest.raises(UnknownSource) as caught:
        registry.get(asked)
    assert str(caught.value) == f"No source {asked} is registered: {advice}"


@pytest.mark.parametrize(
    "change",
    [
        Registry.pause,
        Registry.resume,
        Registry.mark_removing,
        Registry.record_started,
        Registry.record_success,
        partial(Registry.record_failure, message="broken"),
        partial(Registry.request_sync, mode="full", by="test"),
        partial(Registry.edit, cron=CRON),
    ],
)
def test_a_change_of_an_unknown_source_says_so(
    registry: Registry, change: Callable[[Registry, str], object]
):
    with pytest.raises(UnknownSource, match="No source nobody is registered"):
        change(registry, "nobody")


def test_only_a_change_of_scope_or_settings_is_a_new_generation(registry: Registry, source: Source):
    assert registry.edit(ID, cron="0 * * * *").generation == 1
    assert registry.edit(ID, settings={}, scope=source.scope).generation == 1
    assert registry.edit(ID, settings={"branch": "main"}).generation == 2
    edited = registry.edit(ID, scope="owner/name@main")
    assert (edited.generation, edited.settings, edited.cron) == (
        3, {"branch": "main"}, "0 * * * *",
    )  # fmt: skip


def test_sources_are_listed_by_connector_and_status(registry: Registry):
    for connector, scope in [("slack", "C1"), ("github", "b/b"), ("github", "a/a")]:
        registry.add(connector, scope, {}, CRON)
    registry.pause("github:b/b")

    def ids(*chosen: Source) -> list[str]:
        return [source.source_id for source in chosen]

    assert ids(*registry.all()) == ["github:a/a", "github:b/b", "slack:C1"]
    assert ids(*registry.all("github")) == ["github:a/a", "github:b/b"]
    assert ids(*registry.all("github", "active")) == ["github:a/a"]
    assert ids(*registry.all(status="paused")) == ["github:b/b"]


def test_the_fifth_failed_run_in_a_row_sets_a_source_to_error(registry: Registry, source: Source):
    states = [registry.record_failure(ID, f"broken {n}") for n in range(5)]
    assert [state.status for state in states] == ["active"] * 4 + ["error"]
    assert (states[-1].failures_in_a_row, states[-1].last_error) == (5, "broken 4")


def test_a_success_ends_the_row_of_failures_and_the_error(
    registry: Registry, source: Source, clock: FakeClock
):
    for _ in range(4):
        registry.record_failure(ID, "broken")
    clock.advance(60)
    healed = registry.record_success(ID)
    assert (healed.failures_in_a_row, healed.last_error) == (0, None)
    assert healed.last_success_at == clock()

    for _ in range(5):
        registry.record_failure(ID, "broken")
    assert registry.record_success(ID).status == "active"


def test_a_paused_or_leaving_source_stays_so_whatever_its_last_run_did(
    registry: Registry, source: Source
):
    registry.pause(ID)
    for _ in range(6):
        assert registry.record_failure(ID, "broken").status == "paused"
    assert registry.record_success(ID).status == "paused"
    registry.mark_removing(ID)
    assert registry.record_success(ID).status == "removing"


def test_resume_leaves_pause_and_error_with_a_clean_count(registry: Registry, source: Source):
    for _ in range(5):
        registry.record_failure(ID, "broken")
    resumed = registry.resume(ID)
    assert (resumed.status, resumed.failures_in_a_row) == ("active", 0)
    assert registry.pause(ID).status == "paused"
    assert registry.resume(ID).status == "active"


def test_a_leaving_source_does_not_come_back(registry: Registry, source: Source):
    registry.mark_removing(ID)
    for change in (registry.pause, registry.resume):
        with pytest.raises(InvalidSettings, match="is being removed"):
            change(ID)
    with pytest.raises(InvalidSettings, match="is being removed"):
        registry.add("github", "owner/name", {}, CRON)
    registry.delete(ID)
    assert registry.add("github", "owner/name", {}, CRON).source_id == ID


def test_an_error_message_is_stored_as_one_readable_line(registry: Registry, source: Source):
    stored = registry.record_failure(ID, "first\nsecond\0\udc80 " + "x" * 1000)
    assert stored.last_error is not None
    assert stored.last_error.startswith("first second\N{REPLACEMENT CHARACTER}? xxx")
    assert len(stored.last_error) == 500


def test_a_request_is_pending_until_it_is_launched(
    registry: Registry, source: Source, clock: FakeClock
):
    first = registry.request_sync(ID, "full", "registration")
    second = registry.request_sync(ID, "incremental", "someone")
    assert registry.pending_requests() == (first, second)
    assert (first.mode, first.requested_by, first.requested_at) == ("full", "registration", clock())

    registry.mark_launched(first.request_id)
    registry.mark_launched(first.request_id)
    assert registry.pending_requests() == (second,)


def test_of_several_requests_none_is_made_where_one_cannot_be(registry: Registry, source: Source):
    with pytest.raises(UnknownSource):
        registry.request_syncs([ID, "github:nobody/here"], "full", "someone")
    assert registry.pending_requests() == ()
    assert registry.request_syncs([ID], "full", "someone") == registry.pending_requests()


def test_requests_of_a_paused_source_wait_for_resume(registry: Registry, source: Source):
    request = registry.request_sync(ID, "full", "registration")
    registry.pause(ID)
    assert registry.pending_requests() == ()
    registry.resume(ID)
    assert registry.pending_requests() == (request,)
    registry.mark_removing(ID)
    assert registry.pending_requests() == ()


def test_a_source_in_error_can_be_asked_to_sync(registry: Registry, source: Source):
    for _ in range(5):
        registry.record_failure(ID, "broken")
    request = registry.request_sync(ID, "incremental", "someone")
    assert registry.pending_requests() == (request,)


def test_neither_ids_nor_run_keys_of_requests_come_twice(registry: Registry, source: Source):
    # Dagster launches a run key once, for ever; SQLite would reuse the ids of deleted rows.
    first = registry.request_sync(ID, "full", "registration")
    registry.delete(ID)
    registry.add("github", "owner/name", {}, CRON)
    second = registry.request_sync(ID, "full", "registration")
    assert second.request_id > first.request_id
    assert second.run_key != first.run_key


def test_a_run_that_starts_is_remembered(registry: Registry, source: Source, clock: FakeClock):
    clock.advance(5)
    assert registry.record_started(ID).last_sync_at == clock()


def test_failures_recorded_at_once_are_all_counted(either: Settings, database: ControlDatabase):
    Registry(database).add("github", "owner/name", {}, CRON)

    def fail() -> None:
        with closing(open_database(either)) as mine:
            for _ in range(5):
                Registry(mine).record_failure(ID, "broken")

    threads = [threading.Thread(target=fail) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert Registry(database).get(ID).failures_in_a_row == 20
