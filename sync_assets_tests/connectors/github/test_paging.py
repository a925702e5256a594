"""What GitHub gives in pages is read to its end, and begun anew where a later page failed."""

import json
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import pytest

from sync_assets.errors import SourceError
from sync_assets.sandbox.faults import Fault
from sync_assets.sandbox.github.faults import Meanwhile
from sync_assets.sandbox.github.records import ChangedFile, Inline, PullCommit
from sync_assets_tests import oracle
from sync_assets_tests.connectors.github.desk import Desk, open_desk
from sync_assets_tests.connectors.github.test_tracker_faults import FAULTS, HOUR

LONG = 105
"""Items: a page has 100 at most."""


def talk_a_lot(desk: Desk) -> int:
    """A pull request with more than a page of everything; its number."""
    tracker, at = desk.tracker, desk.clock()
    commits = [
        PullCommit(f"{n:040x}", f"planted{5_000 + n}", "M", "m@example.com", at) for n in range(130)
    ]
    files = [ChangedFile(f"src/{n:03}.py", n, 1) for n in range(230)]
    pull = tracker.open_pull("Rewrite it", "planted1", files=files, commits=commits)
    for n in range(130):
        tracker.comment(pull.number, f"planted{1_000 + n}")
    inline = [Inline(f"src/{n:03}.py", n + 1, f"planted{2_000 + n}") for n in range(60)]
    tracker.review(pull.number, "planted2", inline=inline)
    assert pull.pull
    for n in range(55):
        tracker.reply(pull.pull.threads[7], f"planted{3_000 + n}")
        tracker.review(pull.number, f"planted{4_000 + n}")
    tracker.label(pull.number, *(f"label {n:02}" for n in range(60)))
    return pull.number


@pytest.mark.parametrize("graphql", [True, False], ids=["graphql", "rest"])
def test_connections_of_several_pages_are_read_to_their_end(tmp_path: Path, graphql: bool):
    with open_desk(tmp_path, settings={"graphql": graphql}) as desk:
        talk_a_lot(desk)
        desk.sync("full")

        assert desk.differences() == []
        [row] = oracle.rows(desk.stores.settings.index_uri, "documents", desk.source_id)
        assert json.loads(row["metadata"])["comments"] == 130
        assert "not shown" not in row["text"]
        services = desk.asked()
        assert graphql == ("Rest" in services)


def test_what_happens_while_a_listing_is_read_is_in_the_next_one(tmp_path: Path):
    """The watermark is the server's time as the first page was answered, whatever came after it."""
    with open_desk(tmp_path, lease_seconds=2 * HOUR) as desk:
        first, second = (desk.tracker.open_pull(title, "planted1").number for title in "ab")
        desk.sync("full")
        desk.clock.advance(HOUR)
        desk.sync()
        desk.tracker.comment(first, "planted2")

        def meanwhile() -> None:
            desk.tracker.edit(second, title="Another title")
            desk.clock.advance(HOUR)  # GitHub is slow

        desk.sandbox.faults.add(Meanwhile(meanwhile), service="pull-comments")
        desk.sync()
        assert desk.differences()

        desk.sync()

        assert desk.differences() == []


@pytest.fixture
def long(tmp_path: Path) -> Generator[Desk]:
    """More issues than a page has, and a pull request with several pages below it."""
    with open_desk(tmp_path) as desk:
        for number in range(1, LONG + 1):
            desk.tracker.open_issue(f"Issue {number}", f"planted{10_000 + number}")
        talk_a_lot(desk)
        yield desk


def spoil_the_second_page(desk: Desk, service: str, fault: Fault) -> None:
    desk.sandbox.faults.add(Meanwhile(lambda: None), service=service)
    desk.sandbox.faults.add(fault, service=service, times=6)


def fail_and_go_on(desk: Desk) -> None:
    """A sync that the fault may end, and the one after it."""
    with suppress(SourceError):
        desk.sync()
    assert desk.sandbox.faults.pending < 6
    desk.sandbox.faults.clear()
    desk.clock.advance(HOUR)
    desk.sync()


@pytest.mark.parametrize(
    ("service", "fault"),
    [("Sweep", "half a body"), ("Sweep", "a lost cursor"), ("Rest", "a lost cursor"),
     ("Rest", "a long secondary limit")],
)  # fmt: skip
def test_first_sync_is_whole_though_a_second_page_failed(long: Desk, service: str, fault: str):
    spoil_the_second_page(long, service, FAULTS[fault])
    fail_and_go_on(long)

    assert long.differences() == []
    assert not long.stores.failures.list()


@pytest.mark.parametrize(
    ("service", "fault"),
    [("Changes", "a lost cursor"), ("issue-comments", "502"), ("Probe", "a reset")],
)
def test_changes_of_a_second_page_are_not_lost_where_it_failed(
    long: Desk, service: str, fault: str
):
    long.sync("full")
    long.clock.advance(HOUR)
    for number in range(1, LONG + 1):
        long.tracker.comment(number, f"planted{20_000 + number}")

    spoil_the_second_page(long, service, FAULTS[fault])
    fail_and_go_on(long)

    assert long.differences() == []
    assert not long.stores.failures.list()
