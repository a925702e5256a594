from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from sync_assets import sources
from sync_assets.control.database import ControlDatabase
from sync_assets.control.registry import Registry
from sync_assets.errors import InvalidSettings, UnknownSource
from sync_assets.models import Source, SourceStatus
from sync_assets_tests.fakes import FakeClock

ID = "github:owner/name"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def registry(database: ControlDatabase, clock: FakeClock) -> Registry:
    return Registry(database, clock)


def a_source(
    cron: str = "*/15 * * * *",
    *,
    status: SourceStatus = "active",
    created_at: datetime = NOON,
    last_sync_at: datetime | None = None,
) -> Source:
    return Source(
        source_id=ID, connector="github", scope="owner/name", identity=ID, settings={},
        cron=cron, status=status, generation=1, created_at=created_at, last_sync_at=last_sync_at,
    )  # fmt: skip


def test_registering_asks_for_the_first_full_sync(registry: Registry):
    source = sources.register(registry, "github", " owner/name ", by="a test")
    (request,) = registry.pending_requests()
    assert registry.get(ID) == source
    assert (request.source_id, request.mode, request.requested_by) == (ID, "full", "a test")


def test_settings_are_stored_with_their_defaults_and_the_cron_in_one_spelling(registry: Registry):
    options: dict[str, JsonValue] = {"exclude": ["*.min.js"], "branch": "main"}
    source = sources.register(registry, "github", "owner/name", options, " 0  */2 * * mon-fri ")
    assert source.settings == {
        "branch": "main", "include": [], "exclude": ["*.min.js"], "max_file_bytes": None,
        "transport": "git", "last_commits": False, "streams": ["files"], "graphql": True,
        "sweep_hours": 24,
    }  # fmt: skip
    assert source.cron == "0 */2 * * mon-fri"
    assert registry.get(ID).settings == source.settings


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("jira", "PROJ"), "unknown connector 'jira': there are github, git"),
        (("github", "no-slash"), "scope 'no-slash': github needs owner/name"),
        (("github", "o/n", {"brnch": "x"}), "github has no setting brnch; it has: branch, include"),
        (
            ("github", "o/n", {"max_file_bytes": 0}),
            "github setting max_file_bytes: Input should be",
        ),
        (("github", "o/n", {"include": "*.py"}), "github setting include: Input should be"),
        (("github", "o/n", {"include": ["!"]}), "'!'"),
        (("github", "o/n", {"branch": None}, "hourly"), "Cron 'hourly' must have five fields"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_nothing_is_registered(
    registry: Registry, arguments: tuple[str, str], complaint: str
):
    with pytest.raises(InvalidSettings) as caught:
        sources.register(registry, *arguments)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)
    assert registry.all() == ()
    assert registry.pending_requests() == ()


def test_registering_twice_says_how_to_edit(registry: Registry):
    sources.register(registry, "github", "owner/name")
    with pytest.raises(InvalidSettings, match=r"change it with `sync-assets sources edit github:o"):
        sources.register(registry, "github", "owner/name")
    assert len(registry.pending_requests()) == 1


@pytest.mark.parametrize(
    "cron",
    [
        "", "* * * *", "* * * * * *", "@hourly", "61 * * * *", "*/0 * * * *", "0 0 31 2 *",
        "H * * * *", "R * * * *", "r(1-5) * * * *", "0 0 * * 8", "a b c d e",
    ],
)  # fmt: skip
def test_a_cron_that_names_no_certain_time_is_refused(cron: str):
    with pytest.raises(InvalidSettings, match="must have five fields that name a time"):
        sources.checked_cron(cron)


def test_editing_keeps_what_is_not_given(registry: Registry):
    sources.register(registry, "github", "owner/name", {"branch": "main", "include": ["*.py"]})
    edited = sources.edit(registry, ID, options={"include": ["*.md"]}, cron="0 * * * *")
    assert edited.settings["branch"] == "main"
    assert edited.settings["include"] == ["*.md"]
    assert (edited.cron, edited.generation) == ("0 * * * *", 2)
    assert sources.edit(registry, ID, options={}) == edited
    assert sources.edit(registry, ID, scope="owner/renamed").scope == "owner/renamed"


def test_a_setting_can_be_reset_to_its_default(registry: Registry):
    sources.register(registry, "github", "owner/name", {"branch": "main", "include": ["*.py"]})
    edited = sources.edit(registry, ID, reset=["branch"])
    assert (edited.settings["branch"], edited.settings["include"]) == (None, ["*.py"])
    with pytest.raises(InvalidSettings, match="github has no setting brnch; it has: branch"):
        sources.edit(registry, ID, reset=["brnch"])


@pytest.mark.parametrize(
    "change",
    [{"scope": "nonsense"}, {"options": {"include": ["!"]}}, {"cron": "never"}],
)
def test_a_bad_edit_changes_nothing(registry: Registry, change: dict[str, str]):
    before = sources.register(registry, "github", "owner/name")
    with pytest.raises(InvalidSettings):
        sources.edit(registry, ID, **change)  # pyright: ignore[reportArgumentType] - one of three
    assert registry.get(ID) == before


def test_a_paused_source_is_not_triggered_and_a_resumed_one_is(registry: Registry):
    sources.register(registry, "github", "owner/name")
    assert sources.pause(registry, ID).status == "paused"
    with pytest.raises(InvalidSettings, match=f"is paused: `sync-assets sources resume {ID}`"):
        sources.trigger(registry, ID, "incremental")
    assert sources.resume(registry, ID).status == "active"
    request = sources.trigger(registry, ID, "incremental", by="me")
    assert (request.mode, request.requested_by) == ("incremental", "me")
    assert request in registry.pending_requests()


def test_a_removed_source_waits_for_its_purge_and_runs_no_more(registry: Registry):
    sources.register(registry, "github", "owner/name")
    assert sources.remove(registry, ID).status == "removing"
    with pytest.raises(InvalidSettings, match="is being removed: it is not synced any more"):
        sources.trigger(registry, ID, "full")
    with pytest.raises(UnknownSource, match="No source nobody"):
        sources.remove(registry, "nobody")


def test_a_new_source_is_first_due_at_the_crons_next_time():
    source = a_source(created_at=NOON + timedelta(minutes=1))
    assert sources.next_due(source) == NOON + timedelta(minutes=15)
    assert not sources.is_due(source, NOON + timedelta(minutes=14, seconds=59))
    assert sources.is_due(source, NOON + timedelta(minutes=15))


def test_a_synced_source_is_due_at_the_next_time_after_its_run_began():
    source = a_source(last_sync_at=NOON + timedelta(minutes=15, seconds=3))
    assert not sources.is_due(source, NOON + timedelta(minutes=29))
    assert sources.is_due(source, NOON + timedelta(minutes=30))
    assert sources.is_due(source, NOON + timedelta(days=3))  # once, however many it missed


@pytest.mark.parametrize("status", ["paused", "error", "removing"])
def test_a_source_that_is_not_active_is_never_due(status: SourceStatus):
    assert not sources.is_due(a_source(status=status), NOON + timedelta(days=365))


@given(
    cron=st.sampled_from(["*/15 * * * *", "0 3 * * *", "30 1-4 * * sun", "0 0 29 2 *"]),
    seconds=st.floats(0, 10 * 365 * 86_400),
)
def test_the_last_and_the_next_time_of_a_cron_enclose_now(cron: str, seconds: float):
    now = datetime(2020, 3, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    last = sources.last_due(a_source(cron), now)
    assert last <= now < sources.next_due(a_source(cron, last_sync_at=now))
    assert sources.next_due(a_source(cron, last_sync_at=last)) == sources.next_due(
        a_source(cron, last_sync_at=now)
    )
    assert sources.last_due(a_source(cron), last) == last


def test_times_of_a_cron_are_utc_and_know_no_summer_time():
    before = datetime(2026, 3, 28, 2, 30, tzinfo=UTC)
    assert sources.next_due(a_source("30 2 * * *", last_sync_at=before)) == before + timedelta(
        days=1
    )
