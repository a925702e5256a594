"""The invariants over random histories of a source behind an API."""

import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sync_assets.errors import RateLimited, SourceUnavailable
from sync_assets.settings import Settings
from sync_assets.stores import open_stores
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.homes import with_database
from sync_assets_tests.toy_feed import FeedToy, Tracker

NAMES = st.sampled_from([f"ticket {n}" for n in range(12)])
TEXTS = st.one_of(st.sampled_from(["", "one fish", "x = 1\n" * 400]), st.text(max_size=60))
Step = Literal["list", "documents", "index"]


class ChangesMachine(RuleBasedStateMachine):
    """Changes with and without a trace; syncs that are limited, refused, cut off, overtaken."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        settings = Settings(
            home=Path(self.folder.name), embedder="hash", batch_documents=4, batches_in_flight=2
        )
        self.clock = FakeClock()
        self.stores = open_stores(with_database(settings), clock=self.clock)
        source = self.stores.registry.add("tracker", "desk", {}, "*/15 * * * *")
        self.world = Tracker()
        self.toy = FeedToy(self.stores, source, self.world, self.clock)
        self.silent = False
        self.settled = False

    def _changed(self) -> None:
        self.settled = False

    @rule(name=NAMES, text=TEXTS)
    def write(self, name: str, text: str) -> None:
        self.world.write(name, text)
        self._changed()

    @rule(name=NAMES, text=TEXTS)
    def write_silently(self, name: str, text: str) -> None:
        self.world.write_silently(name, text)
        self.silent = True
        self._changed()

    @rule(name=NAMES, with_tombstone=st.booleans())
    def delete(self, name: str, *, with_tombstone: bool) -> None:
        self.silent |= name in self.world.tickets and not with_tombstone
        self.world.delete(name, with_tombstone=with_tombstone)
        self._changed()

    @rule(name=NAMES)
    def sync_with_one_broken(self, name: str) -> None:
        self.world.broken = {name}
        self.toy.sync()
        self.world.broken = set()
        self._changed()

    @rule(calls=st.integers(0, 4))
    def sync_into_a_limit(self, calls: int) -> None:
        until = self.clock() + timedelta(hours=1)
        self.world.limited, self.world.limited_after = RateLimited("wait", retry_at=until), calls
        self.toy.sync()
        self.world.limited = None
        self.clock.advance(3600)
        self._changed()

    @rule(calls=st.integers(0, 4))
    def sync_into_an_outage(self, calls: int) -> None:
        self.world.limited, self.world.limited_after = SourceUnavailable("down"), calls
        with suppress(SourceUnavailable):
            self.toy.sync()
        self.world.limited = None
        self._changed()

    @rule(size=st.integers(1, 3))
    def sync_a_vendor_that_chokes(self, size: int) -> None:
        self.world.too_large = size
        self.toy.sync()
        self.world.too_large = 1_000
        self._changed()

    @rule(steps=st.sampled_from([("list",), ("list", "documents"), ("documents",), ("index",)]))
    def steps_and_die(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            if step != "list" and self.stores.cursors.pending(*self.toy.key) is None:
                return  # nothing is to be brought in: a sync ends here
            self.toy.step(step)

    @rule(name=NAMES, text=TEXTS, at=st.integers(0, 3), deleted=st.booleans())
    def sync_while_it_changes(self, name: str, text: str, at: int, *, deleted: bool) -> None:
        def change() -> None:
            if deleted:
                self.world.delete(name, with_tombstone=True)
            else:
                self.world.write(name, text)

        nothing: list[Callable[[], None]] = [lambda: None] * at
        self.world.races = [*nothing, change]
        self.toy.sync()
        self.world.races = []
        self._changed()

    @rule()
    def time_passes(self) -> None:
        self.clock.advance(6 * 3600)

    @rule()
    def sync(self) -> None:
        report = self.toy.sync()
        self.silent &= not report.listing.complete
        self.settled = not self.silent and not self.stores.approvals.all(state="held")

    @rule()
    def sweep(self) -> None:
        self.toy.sync("full")
        self._approve()
        self.silent, self.settled = False, True

    def _approve(self) -> None:
        for held in self.stores.approvals.all(state="held"):
            self.stores.approvals.approve(held.approval_id)
            self.toy.sync("full")

    @invariant()
    def the_index_equals_the_source_where_nothing_was_hidden(self) -> None:
        if getattr(self, "settled", False):
            assert self.toy.differences() == []

    @invariant()
    def the_cursor_never_passes_a_failure(self) -> None:
        if not hasattr(self, "toy"):
            return
        failures = self.stores.failures.list()
        cursor = self.stores.cursors.get(*self.toy.key)
        if failures:
            assert self.stores.cursors.pending(*self.toy.key) is not None
            assert int(cursor.watermark or -1) <= int(cursor.listed_watermark or 0)

    def teardown(self) -> None:
        if hasattr(self, "toy"):
            self.toy.sync()
            self.toy.sync("full")
            self._approve()
            assert self.toy.differences() == []
            assert self.toy.verify().differences == []
            assert self.stores.cursors.pending(*self.toy.key) is None
            if self.world.tickets:  # of an index with no row at all nothing is believed
                assert self.toy.sync().listing.unchanged
            self.stores.close()
            self.folder.cleanup()


TestChangesMachine = ChangesMachine.TestCase
TestChangesMachine.settings = hypothesis_settings(
    max_examples=12, stateful_step_count=12, deadline=None
)


@pytest.mark.chaos
@pytest.mark.timeout(1_800)
class TestLongChangesMachine(ChangesMachine.TestCase):
    settings = hypothesis_settings(max_examples=40, stateful_step_count=30, deadline=None)
