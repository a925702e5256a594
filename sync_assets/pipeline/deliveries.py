"""What a source's deliveries are about, and those that a run was given."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import dagster as dg

from sync_assets.control.cursors import Cursor
from sync_assets.control.inbox import Delivery, DeliveryState, Topic
from sync_assets.models import Source
from sync_assets.pipeline import tags
from sync_assets.pipeline.metadata import Metadata
from sync_assets.stores import Stores


class About(Protocol):
    """A delivery, or what several are about."""

    @property
    def streams(self) -> Sequence[str]:
        """Named ones, or none, which means all."""
        ...


def concerned(about: About, streams: Collection[str]) -> frozenset[str]:
    """Which of a source's streams it is about."""
    named = frozenset(streams)
    return named.intersection(about.streams) if about.streams else named


def why_ignored(source: Source, about: About, streams: Collection[str]) -> str | None:
    """Why no run of the source, which has these streams, is to bring it in."""
    if source.status in {"paused", "removing"}:
        return f"the source is {source.status}"
    if not streams:
        return "no run of the source can be asked for"
    if not concerned(about, streams):
        return f"the source has no {' or '.join(about.streams)}"
    return None


def give_up(
    stores: Stores,
    given: Collection[Delivery],
    streams: Collection[str],
    state: DeliveryState,
    reason: str,
) -> None:
    """End these, which no run brought in. No feed may show what they named, so the next listing of
    the streams that they concern is a complete one.
    """
    for source_id, stream in sorted(
        {(each.source_id, stream) for each in given for stream in concerned(each, streams)}
    ):
        stores.cursors.want_sweep(source_id, stream, stores.clock())
    stores.inbox.end([each.number for each in given], state, reason)


def ready(
    source: Source,
    waiting: Sequence[Topic],
    streams: Collection[str],
    cursors: Iterable[Cursor],
    now: datetime,
) -> list[Topic]:
    """Those that a run could bring in now: no vendor asked us to leave their streams alone."""
    put_off = {
        cursor.stream
        for cursor in cursors
        if cursor.source_id == source.source_id
        and cursor.deferred_until is not None
        and cursor.deferred_until > now
    }
    return [
        each
        for each in waiting
        if why_ignored(source, each, streams) is None
        and concerned(each, streams).isdisjoint(put_off)
    ]


@dataclass(frozen=True, slots=True)
class Given:
    """The deliveries that a run was given, which has to bring in these `streams` of its source."""

    stores: Stores
    run_id: str
    deliveries: Sequence[Delivery]
    streams: Collection[str]

    @classmethod
    def to(cls, run: dg.DagsterRun, stores: Stores, streams: Collection[str]) -> "Given":
        """Found by the run's key, since hints are too much for a run's tags."""
        run_key = run.tags.get(tags.RUN_KEY)
        found = stores.inbox.given(run_key) if run_key else ()
        return cls(stores, run.run_id, found, streams)

    def about(self, stream: str) -> Sequence[Delivery]:
        """Those that concern the stream, and maybe others too."""
        return [each for each in self.deliveries if stream in concerned(each, self.streams)]

    def put_off(self, stream: str, because: str) -> None:
        """The vendor makes us wait: what is about the stream waits too, for another run."""
        numbers = [each.number for each in self.about(stream)]
        self.stores.inbox.release(numbers, because, run_id=self.run_id, counted=False)

    def brought_in(self, stream: str) -> Metadata:
        """The stream stands in the index as the source has it: what was about it alone is done, and
        this is to be said of it. What is about several streams is done when the run is.
        """
        alone = [each for each in self.about(stream) if len(concerned(each, self.streams)) == 1]
        if not alone:
            return {}
        now = self.stores.clock()
        self.stores.inbox.done(alone, self.run_id, now)
        return deliveries_metadata(alone, now)


def deliveries_metadata(brought_in: Sequence[Delivery], now: datetime) -> Metadata:
    """Of a stage that ended them: the longest time from a vendor's event to where it is found."""
    lags = [now - (each.event_at or each.received_at) for each in brought_in]
    lag = max(0.0, max(lags).total_seconds())  # the vendor's clock may be ahead of ours
    return {
        "deliveries": dg.MetadataValue.int(len(brought_in)),
        "webhook_lag_seconds": dg.MetadataValue.float(round(lag, 3)),
    }
