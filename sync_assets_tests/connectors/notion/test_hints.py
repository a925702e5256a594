"""Pages that webhooks named: each is asked for, and no query is made."""

import pytest

from sync_assets.connectors.base import Hint
from sync_assets.connectors.notion.table import MANY
from sync_assets.errors import SourceGone
from sync_assets.sandbox.notion.content import block
from sync_assets.sandbox.notion.records import Page
from sync_assets_tests.connectors.notion.handbook import Handbook


def told(page: Page) -> Hint:
    """As `connectors.notion.webhook` says it."""
    return {"page": page.id.replace("-", "")}


@pytest.fixture
def pages(handbook: Handbook) -> list[Page]:
    made = [handbook.page(f"w{n}x", block("toggle", f"w{n + 10}x")) for n in range(4)]
    handbook.settle()
    handbook.sync()
    handbook.settle()
    return made


def test_an_edit_and_a_comment_are_found_without_a_query(handbook: Handbook, pages: list[Page]):
    handbook.world.write(pages[1].blocks[0], block("paragraph", "w77x"))
    handbook.world.comment(pages[2], "w88x")

    handbook.read_again(told(pages[1]), told(pages[2]), told(pages[2]))

    assert handbook.differences() == []
    assert len(handbook.asked()) <= 2 * 3 + 1
    assert "/data_sources/{id}/query" not in handbook.asked()


def test_a_page_told_of_that_did_not_change_writes_nothing(handbook: Handbook, pages: list[Page]):
    report = handbook.read_again(told(pages[0]))

    assert report.listing.unchanged


@pytest.mark.parametrize("way", ["trash", "archive", "delete", "move"])
def test_a_page_that_goes_is_deleted_and_its_neighbours_stay(
    handbook: Handbook, pages: list[Page], way: str
):
    world = handbook.world
    if way == "move":
        world.move(pages[0], world.create_source("Third"), quiet=True)
    else:
        {"trash": world.trash, "archive": world.archive, "delete": world.delete}[way](pages[0])

    handbook.read_again({**told(pages[0]), "gone": True})

    assert handbook.differences() == []
    assert len(handbook.texts()) == 3


def test_a_page_that_comes_back_or_is_new_is_taken_in(handbook: Handbook, pages: list[Page]):
    handbook.world.trash(pages[0])
    handbook.read_again(told(pages[0]))
    handbook.world.restore(pages[0], quiet=True)
    new = handbook.page("w55x")

    handbook.read_again(told(pages[0]), told(new))

    assert handbook.differences() == []


def test_a_page_of_another_table_is_not_taken_in(handbook: Handbook, pages: list[Page]):
    stranger = handbook.world.pages[handbook.elsewhere]

    handbook.read_again(told(stranger))

    assert handbook.differences() == []
    assert len(pages) == len(handbook.texts())


def test_a_table_that_is_no_longer_shared_deletes_nothing(handbook: Handbook, pages: list[Page]):
    handbook.world.unshared = {handbook.table.id, *(page.id for page in pages)}

    with pytest.raises(SourceGone):
        handbook.read_again(told(pages[0]))

    assert len(handbook.texts()) == 4


def test_many_pages_are_found_by_the_query(handbook: Handbook, pages: list[Page]):
    new = [handbook.page(f"w{number}x") for number in range(100, 101 + MANY)]

    handbook.read_again(*map(told, new))

    assert handbook.differences() == []
    assert "/data_sources/{id}/query" in handbook.asked()
    assert pages


def test_what_no_webhook_told_is_found_by_the_next_sync(handbook: Handbook, pages: list[Page]):
    handbook.world.rename(pages[0], "w66x")
    handbook.world.rename(pages[1], "w67x")
    handbook.read_again(told(pages[0]))
    handbook.settle()

    handbook.sync()

    assert handbook.differences() == []
