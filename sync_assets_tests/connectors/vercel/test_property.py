"""Whatever happens at Vercel, in whatever order, whether webhooks tell of it or not: after a sweep
the index is what is there.
"""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync_assets.sandbox.vercel.events import event
from sync_assets.sandbox.vercel.world import BUILD, DONE, FAILURE
from sync_assets_tests.connectors.telling import Hearing
from sync_assets_tests.connectors.vercel.team import Team, running_team
from sync_assets_tests.fakes import FakeClock

PLANS = {"build": BUILD, "done": DONE, "failure": FAILURE}
ACTIONS = st.one_of(
    st.tuples(st.just("deploy"), st.sampled_from(sorted(PLANS))),
    st.tuples(st.sampled_from(["cancel", "delete", "soft", "restore", "promote"]), st.integers(0)),
    st.tuples(st.just("wait"), st.sampled_from([1, 30, 1_300, 90_000])),
    st.tuples(st.just("sync"), st.just(0)),
    st.tuples(st.just("crash"), st.sampled_from(["list", "documents"])),
)


def act(team: Team, action: str, value: str | int) -> None:
    world = team.world
    known = world.listed(None)
    chosen = known[int(value) % len(known)] if known and isinstance(value, int) else None
    match action:
        case "deploy":
            world.deploy("shop", plan=PLANS[str(value)], log=[f"line {len(known)} of a log"])
            team.clock.advance(1)
        case "wait":
            team.clock.advance(float(value))
            world.tell_states()
        case "sync":
            team.sync()
        case "crash":
            team.step(str(value))
        case "cancel" if chosen and chosen.state(world.now) == "BUILDING":
            world.cancel(chosen)
        case "delete" if chosen:
            world.delete(chosen)
        case "soft" if chosen:
            world.delete(chosen, soft=True)
        case "restore" if chosen:
            world.restore(chosen)
        case "promote" if chosen and chosen.state(world.now) == "READY":
            world.promote(chosen, "shop.acme.example")
        case _:
            pass


def _swept(actions: list[tuple[str, str | int]], told: bool) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_team(Path(folder), FakeClock()) as team,
    ):
        team.world.most_a_page = 3
        for _ in range(3):
            team.world.deploy("shop", plan=DONE)
            team.clock.advance(1)
        world, hearing = team.world, Hearing("vercel")
        world.watchers.append(
            lambda kind, about: hearing.hear(event(kind, about, hearing.count, world.now))
        )
        for action, value in actions:
            act(team, action, value)
            if told and (hints := hearing.taken()):
                team.read_again(*hints)

        team.sync("full")
        team.approve()

        assert team.differences() == []


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTIONS, min_size=3, max_size=12), st.booleans())
def test_after_a_sweep_the_index_equals_the_team(actions: list[tuple[str, str | int]], told: bool):
    _swept(actions, told)


@pytest.mark.chaos
@pytest.mark.timeout(1_800)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTIONS, min_size=3, max_size=12), st.booleans())
def test_after_forty_histories_the_index_equals_the_team(
    actions: list[tuple[str, str | int]], told: bool
):
    _swept(actions, told)


def test_the_oracle_finds_what_is_planted(team: Team):
    one, two = (team.world.deploy("shop", plan=DONE, log=["a log of one line"]) for _ in "12")
    team.sync()
    assert team.differences() == []

    team.world.delete(one)
    two.log = ("another log",)
    three = team.world.deploy("shop", plan=DONE)

    assert sorted(team.differences()) == sorted(
        [
            f"{one.id} is not there",
            f"{two.id}: its log is not whole",
            f"{three.id} is READY, not nothing",
        ]
    )
