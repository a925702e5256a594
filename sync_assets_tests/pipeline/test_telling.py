"""Deployments that came to an end, told to others as Dagster runs index them; and started ones."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from pydantic import SecretStr

from sync_assets.connectors.vercel.connector import Vercel
from sync_assets.definitions import definitions_of
from sync_assets.pipeline.resources import GivenStores
from sync_assets.pipeline.telling import MOST_TOLD
from sync_assets.sandbox.vercel.world import DONE, State
from sync_assets_tests.connectors.vercel.team import Team, running_team
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.pipeline.conftest import Pipeline
from sync_assets_tests.toy import World

INDEXED = dg.AssetKey(["vercel", "deployment_indexed"])
SCOPE = "acme/shop"


@pytest.fixture
def team(tmp_path: Path, clock: FakeClock) -> Iterator[Team]:
    with running_team(tmp_path, clock) as team:
        yield team


@pytest.fixture
def vercel(team: Team, instance: dg.DagsterInstance, clock: FakeClock) -> Pipeline:
    settings = team.stores.settings
    defs = definitions_of([Vercel()], settings)
    instance.add_dynamic_partitions("vercel_sources", [SCOPE])
    given = GivenStores(settings, clock=clock)
    return Pipeline(defs, instance, given, team.stores, World(), clock)


def sync(pipeline: Pipeline) -> None:
    assert pipeline.run("sync_vercel", SCOPE).success


def heard(pipeline: Pipeline, after: int | None = None) -> list[dict[str, object]]:
    """What a sensor of others sees, oldest first: `after` is its cursor."""
    wanted = dg.AssetRecordsFilter(INDEXED, asset_partitions=[SCOPE], after_storage_id=after)
    records = pipeline.instance.fetch_observations(wanted, limit=1_000, ascending=True).records
    observations = [record.asset_observation for record in records]
    return [
        {name: fact.value for name, fact in each.metadata.items()} for each in observations if each
    ]


def test_a_deployment_is_told_once_when_it_has_ended_and_can_be_searched(
    team: Team, vercel: Pipeline
):
    made = team.world.deploy("shop", target="production", meta={"githubCommitSha": "a1b2c3d4" * 5})
    sync(vercel)
    assert heard(vercel) == []

    team.clock.advance(100)
    sync(vercel)
    team.clock.advance(600)
    sync(vercel)  # its log is read once more

    (told,) = heard(vercel)
    assert told["deployment"] == made.id
    assert told["state"] == "ready"
    assert told["commit"] == "a1b2c3d4" * 5
    assert str(told["url"]).startswith("https://")
    assert told["source"] == "vercel:acme/shop"
    searchable = team.stores.reader.chunks_stored("vercel:acme/shop", "deployments")
    assert told["document_id"] in searchable


def test_a_failed_and_a_cancelled_deployment_are_told_too(team: Team, vercel: Pipeline):
    team.world.deploy("shop", plan=((0, "BUILDING"), (9, "ERROR")), error=("E1", "exited with 1"))
    team.world.cancel(team.world.deploy("shop"))
    team.clock.advance(60)

    sync(vercel)

    assert sorted(str(told["state"]) for told in heard(vercel)) == ["canceled", "error"]


def test_what_a_killed_run_did_not_tell_is_told_by_the_next_that_indexes(
    team: Team, vercel: Pipeline
):
    first, lost = (team.world.deploy("shop", plan=DONE) for _ in range(2))
    sync(vercel)
    team.clock.advance(60)
    silent = team.world.deploy("shop", plan=DONE)
    team.sync()  # indexed, and killed before a word was said
    team.clock.advance(60)
    last = team.world.deploy("shop", plan=DONE)

    sync(vercel)

    told = [each["deployment"] for each in heard(vercel)]
    assert set(told[:2]) == {first.id, lost.id}
    assert told[2:] == [silent.id, last.id]


def test_a_first_sync_tells_the_newest_alone(team: Team, vercel: Pipeline):
    for seconds in range(MOST_TOLD + 3):
        team.world.deploy("shop", plan=DONE, created=team.world.now - 1_000 * seconds)

    sync(vercel)

    assert len(heard(vercel)) == MOST_TOLD


def test_a_sensor_of_others_starts_a_job_for_it(team: Team, vercel: Pipeline):
    @dg.sensor(job_name="celebrate")
    def on_deployment(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        after = int(context.cursor) if context.cursor else None
        wanted = dg.AssetRecordsFilter(INDEXED, after_storage_id=after)
        records = context.instance.fetch_observations(wanted, limit=10, ascending=True).records
        requests = [dg.RunRequest(run_key=str(record.storage_id)) for record in records]
        newest = str(records[-1].storage_id) if records else context.cursor
        return dg.SensorResult(run_requests=requests, cursor=newest)

    team.world.deploy("shop", plan=DONE)
    sync(vercel)

    first = on_deployment(dg.build_sensor_context(instance=vercel.instance))
    assert isinstance(first, dg.SensorResult)
    again = on_deployment(dg.build_sensor_context(instance=vercel.instance, cursor=first.cursor))

    assert isinstance(again, dg.SensorResult)
    assert (len(first.run_requests or ()), len(again.run_requests or ())) == (1, 0)


@pytest.mark.parametrize(("plan", "ended"), [(DONE, True), ([(0, "ERROR")], False)])
def test_a_deployment_started_in_the_ui_records_who_wanted_it_and_has_its_source_synced(
    team: Team, vercel: Pipeline, plan: Sequence[tuple[float, State]], *, ended: bool
):
    project = team.world.projects["shop"]
    project.hooks["hook1"], project.next_plan = "main", plan
    url = f"{team.sandbox.url}/vercel/v1/integrations/deploy/{project.id}/hook1"
    hooks = team.stores.settings.model_copy(update={"vercel_deploy_hooks": SecretStr(url)})
    given = replace(vercel, given=GivenStores(hooks, clock=team.clock))
    wanted = {"source_id": "vercel:acme/shop", "by": "mara"}

    run = given.run("trigger_deployment", None, config={"ops": {"deploy": {"config": wanted}}})

    assert run.success is ended
    record = vercel.instance.get_run_by_id(run.run_id)
    assert record is not None
    assert record.tags["sync_assets/triggered_by"] == "mara"
    (request,) = team.stores.registry.pending_requests()
    assert (request.source_id, request.requested_by) == ("vercel:acme/shop", "mara")
    assert [each.hook for each in team.world.listed("shop")] == ["hook1"]
