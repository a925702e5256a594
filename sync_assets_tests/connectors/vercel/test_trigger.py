import pytest
from pydantic import SecretStr

from sync_assets.deployments import trigger_deployment
from sync_assets.errors import InvalidSettings, SourceUnavailable
from sync_assets.models import DeploymentOutcome
from sync_assets.sandbox.vercel.world import BUILD, FAILURE
from sync_assets_tests.connectors.vercel.team import Team


def hooked(team: Team) -> None:
    """The project has a deploy hook, and the settings name it beside another project's."""
    project = team.world.project("shop")
    assert project is not None
    project.hooks["hook1"] = "main"
    place = f"{team.sandbox.url}/vercel/v1/integrations/deploy"
    hooks = SecretStr(f"{place}/prj_other/hook2, {place}/{project.id}/hook1")
    team.stores.settings = team.stores.settings.model_copy(update={"vercel_deploy_hooks": hooks})


def triggered(team: Team, states: list[str]) -> DeploymentOutcome:
    return trigger_deployment(
        team.stores, team.source_id, sleep=team.clock.advance, progress=states.append
    )


def test_a_triggered_deployment_is_followed_until_it_is_ready(team: Team):
    hooked(team)
    states: list[str] = []
    project = team.world.project("shop")
    assert project is not None
    project.next_plan = BUILD
    team.world.deploy("shop", meta={"deployHookId": "hook1"}, created=1)  # of long ago

    outcome = triggered(team, states)

    [started] = [each for each in team.world.listed("shop") if each.hook == "hook1"]
    assert (outcome.deployment, outcome.state, outcome.is_good) == (started.id, "ready", True)
    assert states == ["queued", "building", "ready"]


def test_a_failure_is_told_when_it_happens_and_not_after_half_an_hour(team: Team):
    hooked(team)
    project = team.world.project("shop")
    assert project is not None
    project.next_plan = ((1, "BUILDING"), (60, "ERROR"))

    outcome = triggered(team, [])

    assert (outcome.state, outcome.is_good) == ("error", False)
    assert outcome.seconds < 70


def test_a_build_that_takes_longer_than_half_an_hour_is_left_to_vercel(team: Team):
    hooked(team)
    project = team.world.project("shop")
    assert project is not None
    project.next_plan = (*FAILURE[:2], (3_600, "READY"))

    with pytest.raises(SourceUnavailable, match="building"):
        triggered(team, [])


def test_a_source_without_a_hook_is_told_what_to_set_and_no_url_is_repeated(team: Team):
    secret = "https://api.vercel.example/v1/integrations/deploy/prj_other/do-not-show"
    settings = team.stores.settings
    team.stores.settings = settings.model_copy(update={"vercel_deploy_hooks": SecretStr(secret)})

    with pytest.raises(InvalidSettings, match="SYNC_ASSETS_VERCEL_DEPLOY_HOOKS") as caught:
        triggered(team, [])

    assert "do-not-show" not in str(caught.value)
