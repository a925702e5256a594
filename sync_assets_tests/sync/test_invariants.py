"""The invariants of the engine over random histories of a source."""

import tempfile
from pathlib import Path

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from sync_assets.errors import SourceUnavailable
from sync_assets.settings import Settings
from sync_assets.stores import open_stores
from sync_assets_tests import oracle
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.homes import with_database
from sync_assets_tests.toy import Toy, World

NAMES = st.sampled_from([f"note {n}" for n in range(12)])
TEXTS = st.one_of(
    st.sampled_from(["", "one fish", "two fish\n\nred fish", "x = 1\n" * 400]),
    st.text(max_size=80),
)


class SyncMachine(RuleBasedStateMachine):
    """A source that changes, fails and recovers; syncs that are cut off; an oracle at the end."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        settings = Settings(
            home=Path(self.folder.name), embedder="hash", batch_documents=2, batches_in_flight=2
        )
        clock = FakeClock()
        self.stores = open_stores(with_database(settings), clock=clock)
        source = self.stores.registry.add("toy", "desk", {}, "*/15 * * * *")
        self.toy = Toy(self.stores, source, World(content_proven=True), clock)
        self.settled = False

    @rule(name=NAMES, text=TEXTS)
    def write(self, name: str, text: str) -> None:
        self.toy.world.notes[name] = text
        self.settled = False

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        self.toy.world.notes.pop(name, None)
        self.toy.world.binary.discard(name)
        self.settled = False

    @rule(old=NAMES, new=NAMES)
    def move(self, old: str, new: str) -> None:
        if old in self.toy.world.notes:
            self.toy.world.notes[new] = self.toy.world.notes.pop(old)
        self.settled = False

    @rule(name=NAMES)
    def turn_binary_or_back(self, name: str) -> None:
        if name in self.toy.world.notes:
            self.toy.world.binary ^= {name}
        self.settled = False

    @rule(name=NAMES)
    def sync_with_one_broken(self, name: str) -> None:
        self.toy.world.broken = {name}
        self.toy.sync()
        self.toy.world.broken = set()
        self.settled = name not in self.toy.world.notes

    @rule()
    def sync_into_an_outage(self) -> None:
        self.toy.world.outage = SourceUnavailable("down")
        try:
            self.toy.sync()
        except SourceUnavailable:
            pass
        else:
            self.settled = True
        self.toy.world.outage = None

    @rule()
    def list_and_die(self) -> None:
        self.toy.step("list")

    @rule()
    def list_fetch_and_die(self) -> None:
        self.toy.step("list")
        self.toy.step("documents")

    @rule()
    def sync(self) -> None:
        self.toy.sync()
        self.settled = True

    @invariant()
    def the_index_equals_the_source_after_a_sync(self) -> None:
        if getattr(self, "settled", False):
            assert self.toy.differences() == []

    @invariant()
    def no_chunk_stands_twice_and_no_document_is_torn(self) -> None:
        if not hasattr(self, "toy"):
            return
        index, source_id = self.stores.settings.index_uri, self.toy.source.source_id
        rows = oracle.rows(index, "chunks", source_id)
        assert len({row["chunk_id"] for row in rows}) == len(rows)
        versions: dict[str, set[str]] = {}
        for row in rows:
            versions.setdefault(row["document_id"], set()).add(row["document_version"])
        assert all(len(each) == 1 for each in versions.values())

    def teardown(self) -> None:
        if hasattr(self, "toy"):
            self.toy.sync()
            assert self.toy.differences() == []
            assert self.toy.verify().differences == []
            self.stores.close()
            self.folder.cleanup()


TestSyncMachine = SyncMachine.TestCase
TestSyncMachine.settings = hypothesis_settings(
    max_examples=12, stateful_step_count=12, deadline=None
)
