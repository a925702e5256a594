"""Whatever is said, edited, deleted, in whatever order: a sweep makes the index the channel, and a
sync alone does where webhooks told of everything.
"""

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync_assets.sandbox.slack.events import envelope
from sync_assets_tests.connectors.slack.workspace import CHANNEL, MARA, Workspace, running_workspace
from sync_assets_tests.connectors.telling import Hearing
from sync_assets_tests.fakes import FakeClock

YEAR = timedelta(days=365)
ACTIONS = st.tuples(
    st.sampled_from(
        [
            "post",
            "old post",
            "reply",
            "broadcast",
            "edit",
            "delete",
            "rename",
            "join",
            "wait",
            "sync",
            "crash in list",
            "crash in documents",
        ]
    ),
    st.integers(0, 1_000),
)


def act(workspace: Workspace, action: str, value: int) -> None:
    world, messages = workspace.world, workspace.channel.messages
    known = [messages[ts] for ts in sorted(messages) if messages[ts].subtype is None]
    chosen = known[value % len(known)] if known else None
    match action:
        case "post":
            workspace.post(f"Message {value}")
        case "old post":
            workspace.post(f"Old {value}", at=workspace.clock.now - YEAR)
        case "reply" | "broadcast" if chosen:
            parent = messages.get(chosen.thread or "", chosen)
            workspace.reply(parent, f"Reply {value}", broadcast=action == "broadcast")
        case "edit" if chosen:
            workspace.clock.advance(1)
            world.edit(chosen, f"Edited {value}")
        case "delete" if chosen:
            world.delete(CHANNEL, chosen)
        case "rename":
            world.rename(MARA, f"Mara {value}")
        case "join":
            world.join(f"U{value}", f"New {value}", CHANNEL)
        case _:
            run(workspace, action, value)


def run(workspace: Workspace, action: str, value: int) -> None:
    """What is done at our end."""
    if action == "wait":
        workspace.clock.advance(value * 300)
    elif action == "sync":
        workspace.sync()
    elif action.startswith("crash"):
        workspace.step(action.rpartition(" ")[2])


def _swept(actions: list[tuple[str, int]], told: bool) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_workspace(Path(folder), FakeClock()) as workspace,
    ):
        workspace.world.most_a_page = 3
        for number in range(3):
            parent = workspace.post(f"Begin {number}", at=workspace.clock.now - YEAR)
            workspace.reply(parent, f"Go on {number}")
        world, hearing = workspace.world, Hearing("slack")
        world.watchers.append(lambda news: hearing.hear(envelope(news, hearing.count, world.now)))
        for action, value in actions:
            act(workspace, action, value)
            if told and (hints := hearing.taken()):
                workspace.read_again(*hints)

        for mode in ("incremental", "full") if told else ("full",):
            workspace.sync(mode)
            workspace.approve()
            assert workspace.differences() == []


@settings(max_examples=9, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTIONS, min_size=3, max_size=14), st.booleans())
def test_after_a_sweep_the_index_equals_the_channel(actions: list[tuple[str, int]], told: bool):
    _swept(actions, told)


@pytest.mark.chaos
@pytest.mark.timeout(1_800)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTIONS, min_size=3, max_size=14), st.booleans())
def test_after_forty_histories_the_index_equals_the_channel(
    actions: list[tuple[str, int]], told: bool
):
    _swept(actions, told)


def test_the_oracle_finds_what_is_planted(workspace: Workspace):
    one, two = (workspace.post(f"Thread {number}") for number in "12")
    for parent in (one, two):
        workspace.reply(parent, "Reply")
    workspace.sync()
    assert workspace.differences() == []

    workspace.channel.messages[two.ts].text = "Something else"
    for reply in workspace.channel.replies(one.ts):
        workspace.world.delete(CHANNEL, reply)
    workspace.world.delete(CHANNEL, one)
    workspace.post("Alone")

    assert workspace.differences() == sorted(
        [
            f"2026-01-01/{one.ts} is not there",
            f"2026-01-01/{two.ts} says something else",
            "2026-01-01 is missing",
        ]
    )
