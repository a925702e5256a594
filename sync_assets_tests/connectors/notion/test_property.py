"""Whatever is written, moved or thrown away, in whatever order: after a sweep the index is it."""

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync_assets.sandbox.notion.content import Block, block, container
from sync_assets.sandbox.notion.events import event
from sync_assets.sandbox.notion.records import Page
from sync_assets_tests.connectors.notion.handbook import Handbook, running_handbook
from sync_assets_tests.connectors.telling import Hearing
from sync_assets_tests.fakes import FakeClock

ACTIONS = st.tuples(
    st.sampled_from(
        [
            "create",
            "write",
            "write inside",
            "rewrite",
            "erase",
            "copy",
            "rename",
            "property",
            "comment",
            "edit comment",
            "trash",
            "archive",
            "restore",
            "move away",
            "move in",
            "delete",
            "wait",
            "sync",
            "crash in list",
            "crash in documents",
        ]
    ),
    st.integers(0, 1_000),
)
YEAR = timedelta(days=365)
KINDS = ("paragraph", "bulleted_list_item", "toggle", "quote", "callout", "heading_2", "to_do")


def act(handbook: Handbook, action: str, value: int) -> None:
    world, words = handbook.world, f"w{1_000 + value}x"
    here = world.listed(handbook.table.id)
    page = here[value % len(here)] if here else None
    if page is None or action == "create":
        handbook.page(words)
        return
    blocks = [each for each in page.walk() if "rich_text" in each.value]
    chosen = blocks[value % len(blocks)] if blocks else None
    if chosen is not None and action in {"write inside", "rewrite", "erase", "copy"}:
        _edit(handbook, page, chosen, action, words)
    elif action == "write":
        world.write(page, block(KINDS[value % len(KINDS)], words), at=0)
    elif action in {"rename", "property", "comment", "edit comment"}:
        _say(handbook, page, action, words)
    elif action in {"trash", "archive", "restore", "move away", "move in", "delete"}:
        _move(handbook, page, action, value)
    else:
        run(handbook, action, value)


def _edit(handbook: Handbook, page: Page, chosen: Block, action: str, words: str) -> None:
    world = handbook.world
    match action:
        case "write inside":
            world.write(chosen, block(KINDS[len(words) % len(KINDS)], words))
        case "rewrite":
            world.rewrite(chosen, words)
        case "erase" if not any(each.type == "synced_block" for each in chosen.walk()):
            world.erase(chosen)
        case "copy":
            original = container("synced_block", block("paragraph", words), synced_from=None)
            world.write(world.pages[handbook.elsewhere], original)
            source = {"type": "block_id", "block_id": original.id}
            world.write(page, container("synced_block", synced_from=source))
        case _:
            pass


def _say(handbook: Handbook, page: Page, action: str, words: str) -> None:
    world = handbook.world
    comments = [each for each in world.comments.values() if each.parent == page.id]
    if action == "rename":
        world.rename(page, words)
    elif action == "property":
        world.set_property(page, "Status", "select", {"id": "1", "name": words, "color": "red"})
    elif action == "comment" or not comments:
        handbook.clock.advance(1)
        world.comment(page, words)
    else:
        world.edit_comment(comments[len(words) % len(comments)], words)


def _move(handbook: Handbook, page: Page, action: str, value: int) -> None:
    world, quiet = handbook.world, value % 2 == 0
    outside = world.sources[world.pages[handbook.elsewhere].source]
    strangers = [each for each in world.listed(outside.id) if each.id != handbook.elsewhere]
    match action:
        case "trash":
            world.trash(page, quiet=quiet)
        case "archive":
            world.archive(page, quiet=quiet)
        case "restore":
            world.restore(page, quiet=quiet)
        case "move away":
            world.move(page, outside, quiet=quiet)
        case "move in" if strangers:
            world.move(strangers[0], handbook.table, quiet=quiet)
        case "delete":
            world.delete(page)
        case _:
            pass


def run(handbook: Handbook, action: str, value: int) -> None:
    """What is done at our end."""
    if action == "wait":
        handbook.clock.advance(value * 10)
    elif action == "sync":
        handbook.sync()
    elif action.startswith("crash"):
        handbook.step(action.rpartition(" ")[2])


def _swept(actions: list[tuple[str, int]], content: str, told: bool) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_handbook(Path(folder), FakeClock(), {"content": content}) as handbook,
    ):
        handbook.world.most_a_page = 3
        for number in range(4):
            old, inside = handbook.clock.now - YEAR, block("toggle", f"w{number + 10}x")
            handbook.world.create_page(handbook.table, f"w{number}x", inside, at=old)
        world, hearing = handbook.world, Hearing("notion")
        world.watchers.append(lambda news: hearing.hear(event(world, news, hearing.count)))
        for action, value in actions:
            act(handbook, action, value)
            if told and (hints := hearing.taken()):
                handbook.read_again(*hints)

        handbook.sync("full")
        handbook.approve()

        assert handbook.differences() == []


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(ACTIONS, min_size=4, max_size=14),
    st.sampled_from(["markdown", "blocks"]),
    st.booleans(),
)
def test_after_a_sweep_the_index_equals_the_workspace(
    actions: list[tuple[str, int]], content: str, told: bool
):
    _swept(actions, content, told)


@pytest.mark.chaos
@pytest.mark.timeout(1_800)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(ACTIONS, min_size=4, max_size=14),
    st.sampled_from(["markdown", "blocks"]),
    st.booleans(),
)
def test_after_forty_histories_the_index_equals_the_workspace(
    actions: list[tuple[str, int]], content: str, told: bool
):
    _swept(actions, content, told)


def test_the_oracle_finds_what_is_planted(handbook: Handbook):
    pages = [handbook.page(f"w{number}x", block("paragraph", "w9x")) for number in range(4)]
    handbook.sync()
    assert handbook.differences() == []

    handbook.world.delete(pages[0])
    handbook.world.rewrite(pages[1].blocks[0], "w8x")
    handbook.world.comment(pages[2], "w7x")
    new = handbook.page("w5x")

    names = [page.id.replace("-", "") for page in (*pages, new)]
    assert handbook.differences() == sorted(
        [
            f"{names[0]} is not there",
            f"{names[1]} says ['w1x', 'w9x'], not ['w1x', 'w8x']",
            f"{names[2]} says ['w2x', 'w9x'], not ['w2x', 'w9x', 'w7x']",
            f"{names[4]} is missing",
        ]
    )
