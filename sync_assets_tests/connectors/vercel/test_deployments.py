from datetime import timedelta

import lancedb
import pytest
from pydantic import SecretStr

from sync_assets.connectors.vercel.payloads import VARIABLES
from sync_assets.errors import InvalidSettings, SourceGone, SourceRejectedUs
from sync_assets.sandbox.faults import Answer, Truncated, html_page
from sync_assets.sandbox.vercel.world import DONE, FAILURE, Variable
from sync_assets.search import search
from sync_assets_tests import oracle
from sync_assets_tests.connectors.vercel.team import Team

DAY = timedelta(days=1).total_seconds()
SECRET = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
META = {
    "githubCommitSha": "5f1c" * 10,
    "githubCommitRef": "main",
    "githubCommitMessage": "Retry failed payment webhooks",
    "githubOrg": "acme",
    "githubRepo": "storefront",
}


def test_a_deployment_is_found_by_what_its_build_said(team: Team):
    team.world.deploy("shop", plan=DONE, log=["Compiling the turbine", "Done"], meta=META)

    team.sync()

    assert team.differences() == []
    [hit] = search(team.stores, "turbine", mode="text").hits
    assert hit.url.startswith("https://vercel.com/acme/shop/dpl_")
    assert "Compiling the turbine" in hit.text
    [(state, text)] = team.held().values()
    assert state == "ready"
    assert "- commit message: Retry failed payment webhooks" in text


def test_a_build_that_fails_after_twenty_minutes_is_recorded_at_once(team: Team):
    error = ("BUILD_UTILS_SPAWN_1", 'Command "npm run build" exited with 1')
    failing = team.world.deploy("shop", plan=FAILURE, error=error, log=["Building", "Oh no"])
    team.sync()
    assert team.held()[failing.id][0] == "queued"
    team.clock.advance(1_200)
    team.sync()
    assert team.held()[failing.id][0] == "building"
    team.clock.advance(10)

    team.sync()

    state, text = team.held()[failing.id]
    assert (state, team.differences()) == ("error", [])
    assert "error: BUILD_UTILS_SPAWN_1 Command" in text
    assert "build time: 1200 s" in text


def test_a_cancelled_build_is_recorded(team: Team):
    building = team.world.deploy("shop")
    team.sync()
    team.clock.advance(20)
    team.world.cancel(building)

    team.sync()

    assert team.held()[building.id][0] == "canceled"


def test_nothing_new_costs_one_call_and_one_change_five_at_most(team: Team):
    for _ in range(30):
        team.world.deploy("shop", plan=DONE)
    team.sync()
    before = oracle.table_versions(team.index)

    report = team.sync()

    assert (report.listing.unchanged, team.asked()) == (True, ["/v7/deployments"])
    assert oracle.table_versions(team.index) == before
    team.clock.advance(60)
    team.world.deploy("shop", plan=DONE)
    team.sync()
    assert len(team.asked()) <= 5
    assert team.differences() == []


def test_a_build_that_left_the_first_page_is_still_followed(team: Team):
    team.world.most_a_page = 5
    slow = team.world.deploy("shop", plan=FAILURE)
    team.clock.advance(1)
    team.sync()
    for _ in range(30):
        team.clock.advance(5)
        team.world.deploy("shop", plan=DONE)
    team.sync()
    team.clock.advance(1_200)

    team.sync()

    assert team.held()[slow.id][0] == "error"
    assert team.differences() == []


@pytest.mark.parametrize("size", [1, 5])
def test_pages_that_end_within_one_millisecond_lose_nothing(team: Team, size: int):
    team.world.most_a_page = 5
    team.stores.learned.set(team.source_id, "deployments", "page", size)
    for number in range(20):
        team.world.deploy("shop", plan=DONE, created=1_700_000_000_000 + number // 3)

    team.sync("full")

    assert team.differences() == []


def test_what_a_build_says_after_it_has_ended_is_read_once(team: Team):
    ready = team.world.deploy("shop", plan=DONE, log=["Deployment completed"])
    failed = team.world.deploy("shop", plan=((0, "BUILDING"), (9, "ERROR")), log=["Oh no"])
    team.clock.advance(10)
    team.sync()
    ready.log = (*ready.log, "Created build cache: 49.8 s")
    failed.log = (*failed.log, "Exiting build container")
    team.sync()
    assert team.asked() == ["/v7/deployments"]
    for seconds in (300, 4_000):
        team.clock.advance(seconds)
        team.sync()
        assert sum("/events" in path for path in team.asked()) == 1

    team.sync()

    assert (team.asked(), team.differences()) == (["/v7/deployments"], [])


def test_a_full_page_that_says_it_is_the_last_is_not_believed(team: Team):
    for _ in range(8):
        team.clock.advance(1)
        team.world.deploy("shop", plan=DONE)
    team.stores.learned.set(team.source_id, "deployments", "page", 3)
    team.world.lies = 1

    team.sync("full")

    assert team.differences() == []


def test_a_promotion_of_an_old_deployment_is_found_by_the_sweep(team: Team):
    team.world.most_a_page = 5
    old = team.world.deploy("shop", plan=DONE, target="production")
    for _ in range(20):
        team.clock.advance(60)
        team.world.deploy("shop", plan=DONE)
    team.sync()
    team.world.promote(old, "shop.acme.example")
    team.sync()
    assert team.differences() != []  # no list shows it
    team.clock.advance(DAY)

    team.sync()

    assert team.differences() == []


def test_a_deleted_deployment_goes_with_the_sweep(team: Team):
    kept = [team.world.deploy("shop", plan=DONE) for _ in range(4)]
    team.sync()
    team.world.delete(kept.pop())

    team.sync("full")

    assert team.differences() == []
    assert team.held().keys() == {each.id for each in kept}


def test_a_deployment_that_vercel_says_is_deleted_goes_at_once_and_comes_back(team: Team):
    first = team.world.deploy("shop", plan=DONE)
    team.world.deploy("shop", plan=DONE)
    team.sync()

    team.world.delete(first, soft=True)
    team.sync()
    assert team.differences() == []
    assert first.id not in team.held()

    team.world.restore(first)
    team.sync()
    assert team.differences() == []


def test_an_empty_list_deletes_nothing_without_an_operator(team: Team):
    deployed = [team.world.deploy("shop", plan=DONE) for _ in range(12)]
    team.sync()
    for each in deployed:
        team.world.delete(each)

    report = team.sync("full")

    assert report.index is not None
    assert report.index.documents_held == 12


def test_values_of_variables_and_secrets_of_logs_are_nowhere(
    team: Team, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    project = team.world.project("shop")
    assert project is not None
    project.variables += [
        Variable("DATABASE_URL", "value-that-nobody-may-see"),
        Variable("FEATURE_FLAG", "plain-value-too", type="plain", target=("production",)),
    ]
    team.world.deploy("shop", plan=DONE, log=[f"\x1b[32mgit clone with {SECRET}\x1b[0m", "ok"])

    team.sync()

    rows = oracle.everything(team.index)
    assert "DATABASE_URL" in rows  # the oracle sees what is there
    for hidden in ("may-see", "plain-value", SECRET, "\x1b", "[32m"):
        assert hidden not in rows
    files = [path.read_bytes() for path in team.stores.settings.home.rglob("*") if path.is_file()]
    assert any(b"DATABASE_URL" in content for content in files)
    for hidden in ("may-see", "plain-value", SECRET):
        assert not any(hidden.encode() in content for content in files)
        assert hidden not in caplog.text
    told = VARIABLES.validate_json('{"envs": [{"key": "K", "value": "may-see", "target": []}]}')
    assert "may-see" not in repr(told)
    assert "may-see" not in told.model_dump_json()
    [hit, *_] = search(team.stores, "FEATURE_FLAG", mode="text").hits
    assert "- `FEATURE_FLAG` (production)" in hit.text


def test_a_new_variable_is_found_after_the_sweep(team: Team):
    team.sync()
    project = team.world.project("shop")
    assert project is not None
    project.variables.append(Variable("NEW_KEY", "x"))
    team.clock.advance(DAY)

    team.sync()

    assert "`NEW_KEY`" in oracle.everything(team.index)


def test_a_project_with_another_name_keeps_its_document_of_variables(team: Team):
    team.register("acme/*")
    project = team.world.projects["docs"]
    project.variables.append(Variable("DOCS_KEY", "x"))
    team.sync()
    [before] = _rows(team, "DOCS_KEY")
    team.world.projects["manual"] = team.world.projects.pop("docs")
    project.name = "manual"

    team.sync("full")

    [after] = _rows(team, "DOCS_KEY")
    assert before["document_id"] == after["document_id"]
    assert "Environment variables of manual" in after["text"]


def test_source_files_of_a_deployment_from_the_command_line_are_told(team: Team):
    team.world.deploy("shop", plan=DONE, source="cli", files=["api/pay.ts", "README.md"])

    team.sync()

    rows = oracle.everything(team.index)
    assert "- api/pay.ts" in rows
    assert "- README.md" in rows


def test_all_projects_of_a_team_are_one_source(team: Team):
    team.register("acme/*")
    team.world.deploy("shop", plan=DONE, log=["shop builds"])
    team.world.deploy("docs", plan=DONE, log=["docs build"])

    team.sync()

    assert team.differences() == []


def test_a_rate_limit_in_the_middle_loses_nothing(team: Team):
    for _ in range(12):
        team.world.deploy("shop", plan=DONE)
    team.world.requests_a_minute = 10

    report = team.sync()

    assert report.documents is not None
    assert report.documents.deferred_until is not None
    assert "rate budget `deployments`" in str(report.documents.deferred_because)
    team.clock.now = report.documents.deferred_until
    team.world.requests_a_minute = None

    team.sync()

    assert team.differences() == []


@pytest.mark.parametrize(
    "fault", [html_page(), Truncated(40), Answer(500), Answer(200, '{"id": "dpl_1"}')]
)
def test_a_broken_answer_for_one_deployment_loses_nothing(team: Team, fault: Answer | Truncated):
    for _ in range(3):
        team.world.deploy("shop", plan=DONE)
    team.sandbox.faults.add(fault, path="/v13/deployments")

    try:
        team.sync()
    finally:
        team.sandbox.faults.clear()
    team.clock.advance(60)
    team.sync()

    assert team.differences() == []


def test_a_deployment_without_a_log_holds_up_no_other(team: Team):
    team.world.deploy("shop", plan=DONE, log=["First"])
    team.world.deploy("shop", plan=DONE, log=["Second"])
    team.sandbox.faults.add(Answer(404, '{"error": {"code": "not_found"}}'), path="/events")

    report = team.sync()

    assert report.documents is not None
    assert (report.documents.fetched, report.documents.failed) == (2, 1)
    team.clock.advance(60)
    team.sync()
    assert team.differences() == []


def test_verify_finds_an_index_that_is_whole_equal(team: Team):
    team.world.deploy("shop", plan=DONE)
    team.world.deploy("shop", plan=DONE, source="cli", files=["a.ts"])
    team.sync()

    report = team.verify()

    assert (report.equal, report.differences) == (True, [])


def test_wrong_token_wrong_project_and_no_token_are_each_one_clear_line(team: Team):
    team.world.tokens.clear()
    with pytest.raises(SourceRejectedUs, match="token"):
        team.sync()
    team.world.tokens.add("vercel-sandbox-token")
    team.register("acme/nothing")
    with pytest.raises(SourceGone):
        team.sync()
    nobody = {"vercel_token": SecretStr("")}
    team.stores.settings = team.stores.settings.model_copy(update=nobody)
    with pytest.raises(InvalidSettings, match="SYNC_ASSETS_VERCEL_TOKEN is not set"):
        team.sync()


def _rows(team: Team, words: str) -> list[dict[str, str]]:
    rows = lancedb.connect(team.index).open_table("documents").to_arrow().to_pylist()
    return [row for row in rows if words in row["text"]]
