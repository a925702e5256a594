from contextlib import closing
from datetime import timedelta
from pathlib import Path

from sync_assets import sources
from sync_assets.connectors.catalog import connector_named
from sync_assets.control.budget import Ask, Policy, Reading, Report
from sync_assets.control.budgets import SLOTS, BudgetKey
from sync_assets.control.grants import asked, refused, reported
from sync_assets.sandbox.repositories import Repositories
from sync_assets.settings import Settings
from sync_assets.status import BudgetRow, budgets, status
from sync_assets.stores import open_stores
from sync_assets.sync.engine import StreamSync, sync_stream
from sync_assets_tests.fakes import FakeClock


def test_status_counts_what_is_indexed_and_says_how_fresh_it_is(
    settings: Settings, clock: FakeClock, tmp_path: Path
):
    repository = Repositories(tmp_path / "served", clock).create("acme/shop")
    commit = repository.commit({"a.md": b"# A\n", "b.md": b"# B\n", "logo.png": b"\0"})
    with closing(open_stores(settings, clock=clock)) as stores:
        source = sources.register(stores.registry, "git", str(repository.path))
        (before,) = status(stores)
        connector = connector_named("git")
        sync_stream(StreamSync(stores, source, connector, connector.streams[0]), "full")
        (after,) = status(stores)

    assert (before.documents, before.stale) == (0, "unknown")
    assert before.stale_because == "the source was never completely synced"
    assert (after.documents, after.chunks, after.stale) == (2, 2, "false")
    assert after.verified_at == clock()
    assert commit in (after.watermark or "")


def test_budgets_are_told_while_their_window_runs_and_not_when_they_are_whole_again(
    settings: Settings, clock: FakeClock
):
    key = BudgetKey("api.github.com", "3f9a1c7d2b4e", "core")
    reset = clock() + timedelta(minutes=40)
    with closing(open_stores(settings, clock=clock)) as stores:
        told = Report(read=38, in_flight=2, answered=True, readings=[Reading(5000, 4962, reset)])
        stores.budgets.change(key, lambda old: (reported(old, "h", told, clock()), None))
        stores.budgets.change(
            BudgetKey("api.github.com", "3f9a1c7d2b4e", SLOTS),
            lambda old: asked(old, "h", Ask(1, 1), Policy(), clock()),
        )
        (row,) = budgets(stores)
        clock.advance(40 * 60 + 2)
        after = budgets(stores)

    assert row == BudgetRow(
        host="api.github.com",
        resource="core",
        credential="3f9a1c7d2b4e",
        limit=5000,
        remaining=4962,
        reserve=500,
        spent=38,
        granted=2,
        reset_at=reset,
        waits_until=None,
    )
    assert after == []


def test_vendor_that_tells_no_budget_is_shown_while_we_wait_for_it(
    settings: Settings, clock: FakeClock
):
    until = clock() + timedelta(seconds=30)
    with closing(open_stores(settings, clock=clock)) as stores:
        key = BudgetKey("slack.com", "0a1b", "conversations.replies")
        stores.budgets.change(key, lambda old: (refused(old, until, clock()), None))
        (row,) = budgets(stores)
        clock.advance(31)
        after = budgets(stores)

    assert (row.limit, row.remaining, row.reserve, row.waits_until) == (None, None, None, until)
    assert after == []
