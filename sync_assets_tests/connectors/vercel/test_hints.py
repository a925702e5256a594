"""Deployments that webhooks named: each is asked for, and no list is read."""

import pytest

from sync_assets.sandbox.vercel.world import DONE, FAILURE, Deployment
from sync_assets_tests.connectors.vercel.team import Team


def told(deployment: Deployment) -> dict[str, str]:
    return {"deployment": deployment.id}


@pytest.fixture
def old(team: Team) -> Deployment:
    deployment = team.world.deploy("shop", plan=DONE, log=["Done"])
    team.clock.advance(3600)
    team.sync()
    return deployment


def test_a_deployment_is_found_when_it_is_told_of_and_again_when_it_ends(
    team: Team, old: Deployment
):
    new = team.world.deploy("shop", plan=FAILURE, log=["Compiling the turbine"])
    team.read_again(told(new))
    assert team.held()[new.id][0] == "queued"
    assert not any("v7/deployments" in path for path in team.asked())
    team.clock.advance(3600)

    team.read_again(told(new))

    assert team.differences() == []


def test_one_whose_end_was_not_told_is_followed_by_the_next_sync(team: Team, old: Deployment):
    new = team.world.deploy("shop", plan=FAILURE, log=["Compiling the turbine"])
    team.read_again(told(new))
    team.clock.advance(3600)

    team.sync()

    assert team.differences() == []


def test_a_deleted_one_is_deleted_and_its_neighbours_stay(team: Team, old: Deployment):
    team.world.deploy("shop", plan=DONE, log=["Another"])
    team.sync()
    team.world.delete(old)

    team.read_again(told(old))

    assert old.id not in team.held()
    assert len(team.held()) == 1


def test_a_deployment_of_another_project_is_not_taken_in(team: Team, old: Deployment):
    team.stores.registry.edit(team.source_id, scope="acme/shop")
    team.sync()
    team.world.create_project("blog")
    elsewhere = team.world.deploy("blog", plan=DONE, log=["Elsewhere"])

    team.read_again(told(elsewhere))

    assert elsewhere.id not in team.held()
