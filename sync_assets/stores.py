"""The stores that one process works with, opened from the settings; heavy ones only on demand."""

from functools import cached_property

from sync_assets.control.alerts import Alerts
from sync_assets.control.approvals import Approvals
from sync_assets.control.budgets import Budgets
from sync_assets.control.cursors import Cursors
from sync_assets.control.database import BUSY_SECONDS, Clock, open_database, utc_now
from sync_assets.control.failures import Failures
from sync_assets.control.handshakes import Handshakes
from sync_assets.control.hooks import HookHealths
from sync_assets.control.inbox import Inbox
from sync_assets.control.learned import LearnedSizes
from sync_assets.control.leases import Lease, Leases
from sync_assets.control.registry import Registry
from sync_assets.embedding.base import Embedder
from sync_assets.embedding.cache import VectorCache, open_cache
from sync_assets.http.clients import HttpClients
from sync_assets.http.kept import KeptAnswers
from sync_assets.http.policy import rules_of
from sync_assets.index.reader import IndexReader
from sync_assets.index.writer import IndexWriter
from sync_assets.settings import Settings


class Stores:
    """Control database, index, embedder and vector cache of one process."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock = utc_now,
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.database = open_database(settings, clock=clock, busy_seconds=busy_seconds)
        self.registry = Registry(self.database, clock)
        self.cursors = Cursors(self.database, clock)
        self.failures = Failures(self.database, clock)
        self.learned = LearnedSizes(self.database, clock)
        self.approvals = Approvals(self.database, clock)
        self.alerts = Alerts(self.database)
        self.leases = Leases(self.database, clock)
        self.inbox = Inbox(self.database, clock)
        self.hooks = HookHealths(self.database)
        self.handshakes = Handshakes(self.database, settings.home, clock)
        self.budgets = Budgets(self.database)

    @cached_property
    def embedder(self) -> Embedder:
        from sync_assets.embedding.providers import open_embedder

        return open_embedder(self.settings, self.http, lambda: self.vectors)

    @cached_property
    def vectors(self) -> VectorCache:
        return open_cache(self.settings)

    @cached_property
    def reader(self) -> IndexReader:
        return IndexReader(self.settings.index_uri, owner=self.database.instance_id)

    @cached_property
    def http(self) -> HttpClients:
        return HttpClients(
            budgets=self.budgets,
            rules=rules_of(self.settings),
            clock=self.clock,
            kept=KeptAnswers(self.settings.home / "http.db", clock=self.clock),
        )

    def writer(self, lease: Lease) -> IndexWriter:
        """A writer that commits only while `lease` is held."""
        return IndexWriter(
            self.settings.index_uri,
            owner=self.database.instance_id,
            fingerprint=self.embedder.fingerprint,
            dimensions=self.embedder.dimensions,
            check=lease.check,
        )

    def remover(self, lease: Lease) -> IndexWriter:
        """A writer that only removes, and so takes the index as it is, whatever its model."""
        return IndexWriter(
            self.settings.index_uri,
            owner=self.database.instance_id,
            fingerprint=self.reader.fingerprint() or self.embedder.fingerprint,
            dimensions=self.reader.dimensions() or 1,  # no chunks: it then means nothing
            check=lease.check,
        )

    def close(self) -> None:
        if "http" in self.__dict__:
            self.http.close()  # gives points back to the database
        self.database.close()
        if "vectors" in self.__dict__:
            self.vectors.close()


def open_stores(settings: Settings, *, clock: Clock = utc_now) -> Stores:
    """Open the control database (migrating it where needed); everything else on demand."""
    return Stores(settings, clock=clock)
