"""`/metrics`, for Prometheus: what was received, what waits, how far behind, what fails.

Counters are of this process; the rest is read from the control database when it is asked for.
"""

from collections.abc import Iterator, Mapping
from typing import get_args

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from sync_assets.control.budgets import SLOTS, Budgets
from sync_assets.control.database import Clock, ControlDatabase
from sync_assets.control.failures import Failures
from sync_assets.control.inbox import Inbox
from sync_assets.errors import StoreUnavailable
from sync_assets.server.answers import Outcome

PREFIX = "sync_assets_"
_Samples = Mapping[tuple[str, ...], float]


class DeliveryCounts:
    """Calls by connector and outcome, each from zero, so that its first one is seen as a rise."""

    def __init__(self, registry: CollectorRegistry, connectors: tuple[str, ...]) -> None:
        self._counter = Counter(
            f"{PREFIX}deliveries_total",
            "Webhook calls received, by what became of them.",
            ("connector", "outcome"),
            registry=registry,
        )
        for connector in connectors:
            for outcome in get_args(Outcome):
                self._counter.labels(connector, outcome)

    def count(self, connector: str, outcome: Outcome) -> None:
        """One more."""
        self._counter.labels(connector, outcome).inc()


class StateCollector(Collector):
    """What stands in the control database now."""

    def __init__(self, database: ControlDatabase, clock: Clock) -> None:
        self._inbox = Inbox(database, clock)
        self._failures = Failures(database, clock)
        self._budgets = Budgets(database)
        self._clock = clock

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing, so that registering asks no database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Without the control database only that it is away."""
        try:
            found = list(self._found())
        except StoreUnavailable:
            found = []
        up = "Whether the control database answers; without it, only counters are shown."
        yield GaugeMetricFamily(f"{PREFIX}control_database_up", up, value=bool(found))
        yield from found

    def _found(self) -> Iterator[GaugeMetricFamily]:
        now, depths = self._clock(), self._inbox.depths()
        in_state = ("connector", "state")
        yield _gauge(
            "inbox_deliveries",
            "Deliveries in the inbox, by their state.",
            in_state,
            {(each.connector, each.state): each.count for each in depths},
        )
        yield _gauge(
            "inbox_oldest_seconds",
            "Since the oldest delivery of a state was received.",
            in_state,
            {
                (each.connector, each.state): (now - each.oldest_at).total_seconds()
                for each in depths
            },
        )
        yield _gauge(
            "sync_lag_seconds",
            "From the vendor's event to searchable, of the source's last delivery that is done.",
            ("source",),
            {(source_id,): lag for source_id, lag in self._inbox.lags().items()},
        )
        yield _gauge(
            "failures",
            "Documents that could not be brought in, and are tried again.",
            ("source",),
            {(source_id,): count for source_id, count in self._failures.counts().items()},
        )
        yield _gauge(
            "budget_remaining",
            "Calls that a vendor still allows in this window, of the credential with the fewest.",
            ("host", "resource"),
            self._remaining(),
        )

    def _remaining(self) -> _Samples:
        """Where the window has ended, nobody knows."""
        now = self._clock()
        least: dict[tuple[str, ...], float] = {}
        for key, budget in self._budgets.all():
            ended = budget.reset_at is not None and budget.reset_at <= now
            if key.resource == SLOTS or budget.remaining is None or ended:
                continue
            place = (key.host, key.resource)
            least[place] = min(budget.remaining, least.get(place, budget.remaining))
        return least


def _gauge(name: str, text: str, labels: tuple[str, ...], samples: _Samples) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(f"{PREFIX}{name}", text, labels=labels)
    for values, value in samples.items():
        gauge.add_metric(values, value)
    return gauge
