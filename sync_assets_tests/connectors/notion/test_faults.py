"""Whatever Notion does wrong: nothing is lost, nothing half-written, nothing deleted for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_assets.connectors.notion.table import MANY
from sync_assets.errors import UnexpectedPayload
from sync_assets.sandbox.faults import Answer, Fault, Reset, Truncated, html_page
from sync_assets.sandbox.notion.content import Block, block, container, table
from sync_assets_tests import oracle
from sync_assets_tests.connectors.notion.handbook import Handbook, running_handbook
from sync_assets_tests.fakes import FakeClock


@pytest.fixture
def by_blocks(tmp_path: Path, clock: FakeClock) -> Iterator[Handbook]:
    with running_handbook(tmp_path, clock, {"content": "blocks"}) as handbook:
        yield handbook


def five_levels(first: int) -> Block:
    """A block in a block in a block in a block in a block."""
    made = block("paragraph", f"w{first + 4}x")
    for number in range(3, -1, -1):
        made = block("bulleted_list_item", f"w{first + number}x", made)
    return made


def test_five_levels_of_blocks_are_read_page_by_page(by_blocks: Handbook):
    by_blocks.world.most_a_page = 3
    by_blocks.page("w0x", *(five_levels(10 * number) for number in range(1, 8)))

    by_blocks.sync()

    assert by_blocks.differences() == []
    assert by_blocks.asked().count("/blocks/{id}/children") == 3 + 7 * 4


@pytest.mark.parametrize(
    "fault", [Answer(500), Truncated(40), Reset(), html_page(), Answer(200, '{"results": []}')]
)
def test_a_child_that_cannot_be_read_leaves_the_old_page(by_blocks: Handbook, fault: Fault):
    pages = [by_blocks.page(f"w{number}x", five_levels(10 * number)) for number in range(1, 4)]
    by_blocks.settle()
    by_blocks.sync()
    before = by_blocks.texts()
    by_blocks.settle()
    deep = pages[1].blocks[0].children[0].children[0]
    for page in pages:
        by_blocks.world.write(page, block("paragraph", "w99x"))
    by_blocks.settle()
    by_blocks.sandbox.faults.add(fault, times=50, path=f"/blocks/{deep.id}/children")

    report = by_blocks.sync()

    assert report.documents is not None
    assert (report.documents.fetched, report.documents.failed) == (2, 1)
    assert by_blocks.texts()["w2x"] == before["w2x"]
    by_blocks.sandbox.faults.clear()
    by_blocks.settle(20)
    by_blocks.sync()
    assert by_blocks.differences() == []


def test_a_child_that_vanishes_while_its_page_is_read_leaves_the_old_page(by_blocks: Handbook):
    page = by_blocks.page("w0x", five_levels(10))
    by_blocks.world.unshared = {page.blocks[0].children[0].id}

    report = by_blocks.sync()

    assert report.documents is not None
    assert report.documents.failed == 1
    by_blocks.world.unshared = set()
    by_blocks.settle(20)
    by_blocks.sync()
    assert by_blocks.differences() == []


def test_markdown_that_is_cut_off_without_saying_where_is_not_believed(handbook: Handbook):
    handbook.page("w0x", block("paragraph", "w1x"), block("paragraph", "w2x"))
    body = '{"markdown": "w1x", "truncated": true, "unknown_block_ids": []}'
    handbook.sandbox.faults.add(Answer(200, body), path="/markdown")

    handbook.sync()

    assert handbook.differences() == []


def test_an_overloaded_service_is_waited_for(handbook: Handbook):
    handbook.page("w0x", five_levels(1))
    handbook.world.overloads = 2
    begun = handbook.clock.now

    handbook.sync()

    assert handbook.differences() == []
    assert (handbook.clock.now - begun).total_seconds() >= 4


def test_a_spent_minute_ends_the_run_and_the_next_ones_go_on(handbook: Handbook):
    for number in range(30):
        handbook.page(f"w{number}x", block("paragraph", "Words"))
    handbook.settle()
    handbook.world.requests_a_minute = 25

    until = None
    for _ in range(10):
        report = handbook.sync()
        deferred = report.documents or report.listing
        until = deferred.deferred_until
        if until is None:
            break
        reasons = ("Notion's rate limit", "is used up", "notion asked us to wait")
        assert any(each in str(deferred.deferred_because) for each in reasons)
        handbook.clock.now = until

    assert until is None
    assert handbook.differences() == []


def test_a_list_that_says_too_early_that_it_ends_loses_no_page(handbook: Handbook):
    handbook.world.most_a_page = 3
    for number in range(11):
        handbook.page(f"w{number}x")
        handbook.clock.advance(61)
    handbook.settle()
    handbook.world.lies = 3
    handbook.sync()
    assert handbook.differences() == []

    handbook.settle()
    for page in handbook.world.listed(handbook.table.id):
        handbook.world.rename(page, f"w9{page.title[1:]}")
    handbook.world.lies = 2
    handbook.settle()
    handbook.sync()
    assert handbook.differences() == []


def test_a_full_page_of_blocks_or_comments_is_not_believed_to_be_the_last(by_blocks: Handbook):
    page = by_blocks.page("w0x", *(block("paragraph", f"w{n}x") for n in range(1, 131)))
    for number in range(200, 320):
        by_blocks.world.comment(page, f"w{number}x")
    by_blocks.settle()
    by_blocks.step("list")
    by_blocks.world.lies = 1
    by_blocks.sync()
    assert by_blocks.differences() == []


def test_more_pages_than_a_query_gives_are_listed_window_by_window(handbook: Handbook):
    handbook.world.most_rows, handbook.world.most_a_page = 5, 2
    for number in range(23):
        handbook.page(f"w{number}x")
        handbook.clock.advance(25)
    handbook.settle()

    handbook.sync()

    assert handbook.differences() == []


def test_more_pages_of_one_minute_than_a_query_gives_are_an_error_and_no_deletion(
    handbook: Handbook,
):
    handbook.page("w0x")
    handbook.settle()
    handbook.sync()
    handbook.world.most_rows = 5
    handbook.settle()
    for number in range(1, 8):
        handbook.page(f"w{number}x")

    with pytest.raises(UnexpectedPayload, match="more pages were created in the minute 2026-01-01"):
        handbook.sync("full")

    assert list(handbook.texts()) == ["w0x"]


@pytest.mark.parametrize("content", ["markdown", "blocks"])
def test_what_is_not_known_or_not_shared_is_named(tmp_path: Path, clock: FakeClock, content: str):
    with running_handbook(tmp_path, clock, {"content": content}) as handbook:
        world = handbook.world
        secret = container("synced_block", block("paragraph", "w1x"), synced_from=None)
        world.create_page(world.create_source("Private"), "Private", secret)
        source = {"type": "block_id", "block_id": secret.id}
        handbook.page(
            "w0x",
            block("paragraph", "Before"),
            container("form"),
            container("hologram"),
            container("synced_block", synced_from=source),
            block("paragraph", "After"),
        )
        world.unshared = {secret.id}

        handbook.sync()

        body = handbook.texts()["w0x"].split("\n\n")[1:]
        assert body == [
            "Before",
            "(form: Notion's API does not show it)",
            "(hologram: Notion's API does not show it)",
            "(a block that is not shared with this connection)",
            "After\n",
        ]


@pytest.mark.parametrize("content", ["markdown", "blocks"])
def test_a_block_inside_itself_ends(tmp_path: Path, clock: FakeClock, content: str):
    with running_handbook(tmp_path, clock, {"content": content}) as handbook:
        original = container("synced_block", block("paragraph", "w1x"), synced_from=None)
        page = handbook.page("w0x", original, block("paragraph", "w2x"))
        source = {"type": "block_id", "block_id": original.id}
        handbook.world.write(original, container("synced_block", synced_from=source))

        handbook.sync()

        [text] = handbook.texts().values()
        assert "(a block inside itself)" in text
        assert text.endswith("w2x\n")
        assert page.id.replace("-", "") in handbook.held()


def test_a_page_that_is_no_markdown_is_read_block_by_block(handbook: Handbook):
    page = handbook.page("w0x", five_levels(1), table(["w6x", "w7x"], ["w8x", "w9x"]))
    handbook.world.unrendered = {page.id}

    handbook.sync()

    assert handbook.differences() == []
    assert handbook.asked().count("/blocks/{id}/children") == 6


def test_the_rest_of_a_page_too_long_for_markdown_is_read_block_by_block(handbook: Handbook):
    handbook.page("w0x", *(five_levels(10 * number) for number in range(1, 6)))
    handbook.world.most_blocks = 13

    handbook.sync()

    assert handbook.differences() == []


def test_a_page_that_goes_between_listing_and_reading_is_gone(handbook: Handbook):
    pages = [handbook.page(f"w{number}x") for number in range(4)]
    handbook.settle()
    handbook.step("list")
    handbook.world.trash(pages[0], quiet=True)
    handbook.world.delete(pages[1])
    handbook.world.move(pages[2], handbook.world.create_source("Elsewhere"), quiet=True)

    handbook.sync()

    assert handbook.differences() == []


def test_what_another_process_listed_is_read_with_the_table_in_few_calls(handbook: Handbook):
    for number in range(40):
        handbook.page(f"w{number}x")
    handbook.settle()
    handbook.step("list")

    handbook.sync()

    assert handbook.differences() == []
    assert handbook.asked().count("/pages/{id}") == MANY - 1


def test_a_page_that_fails_for_good_keeps_the_rest_in_step(handbook: Handbook):
    bad = handbook.page("w0x")
    handbook.page("w1x")
    handbook.settle()
    answer = Answer(200, '{"markdown": 7}', {"content-type": "application/json"})
    handbook.sandbox.faults.add(answer, times=100, path=f"/pages/{bad.id}/markdown")
    handbook.sync()
    handbook.settle(20)
    handbook.page("w2x")
    handbook.settle()

    handbook.sync()

    assert sorted(handbook.texts()) == ["w1x", "w2x"]
    [failure] = handbook.stores.failures.list()
    assert failure.key == f"w0x/{bad.id.replace('-', '')}"
    assert failure.message.endswith("/markdown: markdown: Input should be a valid string")
    before = oracle.table_versions(handbook.index)
    handbook.sandbox.faults.clear()
    handbook.settle(60)
    handbook.sync()
    assert handbook.differences() == []
    assert oracle.table_versions(handbook.index) != before
