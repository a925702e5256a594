"""Polls of a tracker that cost no points of the REST budget, by the vendor's own count."""

from collections.abc import Generator
from pathlib import Path

import pytest

from sync_assets.http.clients import HttpClients
from sync_assets.http.kept import KeptAnswers
from sync_assets_tests.connectors.github.corpus import load_corpus
from sync_assets_tests.connectors.github.desk import Desk, open_desk


def use_kept(desk: Desk) -> None:
    """Clients that keep answers, as `Stores` has them, on the desk's clock."""
    clock = desk.clock
    desk.stores.http = HttpClients(
        clock=clock,
        monotonic=clock.monotonic,
        sleep=clock.advance,
        kept=KeptAnswers(desk.stores.settings.home / "http.db", clock=clock),
    )


@pytest.fixture(params=[True, False], ids=["graphql", "rest"])
def desk(tmp_path: Path, request: pytest.FixtureRequest) -> Generator[Desk]:
    """Synced until nothing moves any more."""
    with open_desk(tmp_path, settings={"graphql": request.param}) as desk:
        use_kept(desk)
        load_corpus(desk.tracker, some=10)
        desk.sync("full")
        for _ in range(3):
            desk.clock.advance(900)
            desk.sync()
        yield desk


def poll(desk: Desk) -> int:
    """A quarter of an hour later: what it costs of the REST budget."""
    desk.clock.advance(900)
    before = desk.sandbox.limits.spent["core"]
    desk.sync()
    return desk.sandbox.limits.spent["core"] - before


def test_poll_of_a_tracker_that_rests_costs_no_point_of_rest(desk: Desk):
    assert [poll(desk) for _ in range(3)] == [0, 0, 0]


def test_what_moves_between_free_polls_is_found_at_once(desk: Desk):
    for number in (1, 2, 3):
        item = next(iter(desk.tracker.items))
        desk.tracker.comment(item, f"planted{number}")
        if number == 2:
            desk.tracker.open_issue("A new one", "planted too")
        assert poll(desk) > 0
        assert desk.differences() == []
        poll(desk)
    assert poll(desk) == 0


def test_hundredth_comment_does_not_hide_the_one_after_it(tmp_path: Path):
    with open_desk(tmp_path) as desk:
        use_kept(desk)
        issue = desk.tracker.open_issue("Long", "talk").number
        desk.sync("full")
        for count in (100, 1):  # the page of the feed is full, and stays as it is
            for number in range(count):
                desk.tracker.comment(issue, f"comment {number} of {count}")
            poll(desk)
            assert desk.differences() == []


def test_answers_kept_of_a_repository_are_forgotten_by_its_name(desk: Desk):
    for subject in desk.connector.subjects(desk.source):
        desk.stores.http.forget(subject)

    assert poll(desk) > 0
    assert poll(desk) == 0
