"""From deliveries to runs: what waits in the inbox of a source becomes one run.

Crash-safe anywhere. A delivery is claimed for a run before the run is asked for; where that run
never came to be, the next tick finds it so. Only the run that brought it in ends it well.
"""

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import dagster as dg
from dagster import SensorEvaluationContext

from sync_assets.connectors.base import Connector
from sync_assets.control.cursors import Cursor
from sync_assets.control.inbox import AT_ONCE, Delivery, Topic
from sync_assets.embedding.providers import fingerprint_of
from sync_assets.models import Source
from sync_assets.pipeline import tags
from sync_assets.pipeline.deliveries import concerned, give_up, ready, why_ignored
from sync_assets.pipeline.jobs import Jobs
from sync_assets.pipeline.launches import Launch, Launcher, busy_scopes, plan_each
from sync_assets.pipeline.resources import Provided
from sync_assets.pipeline.settlement import settle
from sync_assets.stores import Stores
from sync_assets.sync.listings import basis_of, goes_on

SECONDS: Final = 1
"""The daemon looks every five seconds; a longer interval here could make it ten."""
PATIENCE_SECONDS: Final = 4.5
"""A tick waits so long for a delivery, and ends before the daemon looks again."""
_LOOK_SECONDS: Final = 0.2
_AGAIN_SECONDS: Final = 1.0
"""Where what waits cannot be started yet, because a run of its source is under way."""
MOST_A_TICK: Final = 5 * AT_ONCE
"""Deliveries; once there are as many, the sources that are left wait for the next tick."""


def webhook_inbox(
    connectors: Sequence[Connector], jobs: Jobs, patience: float = 0
) -> dg.SensorDefinition:
    """One run for all that waits of a source, before everything else in the queue. A tick that
    finds nothing to start waits up to `patience` seconds for a delivery.
    """
    launcher = Launcher(connectors)

    @dg.sensor(
        name="webhook_inbox",
        jobs=[*jobs.sync.values(), jobs.rename],
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Gives the webhook deliveries that wait in the inbox to runs: all of a source "
        "to one, of the streams they concern. What arrives while a run of the source is under way "
        "waits for its end.",
    )
    def evaluate(
        context: SensorEvaluationContext, stores: Provided
    ) -> dg.SensorResult | dg.SkipReason:
        instance = context.instance
        with stores.open() as opened:
            kept = timedelta(days=opened.settings.delivery_days)
            opened.inbox.forget(opened.clock() - kept)
            until, pause = time.monotonic() + patience, _LOOK_SECONDS
            launches = _launches(opened, instance, launcher, context.log)
            while not launches and time.monotonic() < until:
                time.sleep(pause)
                if opened.inbox.waiting():
                    launches = _launches(opened, instance, launcher, context.log)
                    pause = _AGAIN_SECONDS
        return launcher.result(instance, launches)

    return evaluate


def _launches(
    stores: Stores, instance: dg.DagsterInstance, launcher: Launcher, log: logging.Logger
) -> list[Launch]:
    """One look at the inbox; what a launch brings in is claimed for it."""
    look = _Look.at(stores, instance, launcher)
    launches = plan_each(stores, look.concerned, look.plan, log)
    for launch in launches:
        stores.inbox.claim(look.claims[launch.run_key], launch.run_key)
    return launches


@dataclass(frozen=True, slots=True)
class _Look:
    """What one tick sees. `busy` are scopes under way, `resting` sources whose deliveries are with
    a run already.
    """

    stores: Stores
    sources: Sequence[Source]
    streams: Mapping[str, Collection[str]]
    waiting: Mapping[str, Sequence[Topic]]
    busy: Collection[str]
    resting: Collection[str]
    cursors: Sequence[Cursor]
    now: datetime
    claims: dict[str, Sequence[int]]

    @classmethod
    def at(cls, stores: Stores, instance: dg.DagsterInstance, launcher: Launcher) -> "_Look":
        """After what earlier runs left is settled."""
        now = stores.clock()
        sources = stores.registry.all()
        streams = {
            source.source_id: launcher.streams_of(source)
            for source in sources
            if launcher.can_run(source)
        }
        resting = settle(stores, instance, streams)
        waiting: dict[str, list[Topic]] = {}
        for topic in stores.inbox.waiting():
            waiting.setdefault(topic.source_id, []).append(topic)
        return cls(
            stores,
            sources,
            streams,
            waiting,
            busy=busy_scopes(instance, tags.UNDER_WAY) if waiting else (),
            resting=resting,
            cursors=stores.cursors.all(),
            now=now,
            claims={},
        )

    @property
    def concerned(self) -> list[Source]:
        """The sources of which something waits, in the order of arrival."""
        by_id = {source.source_id: source for source in self.sources}
        return [by_id[name] for name in self.waiting if name in by_id]

    def plan(self, source: Source) -> Launch | None:
        """A run for what waits of the source and can be brought in now."""
        name, known = source.source_id, self.streams.get(source.source_id, ())
        if sum(map(len, self.claims.values())) >= MOST_A_TICK:
            return None
        wanted = self._without_ignored(source, known)
        failed_lately = source.next_try_at is not None and source.next_try_at > self.now
        if source.scope in self.busy or name in self.resting or failed_lately:
            return None
        topics = ready(source, wanted, known, self.cursors, self.now)
        # A new name is looked at alone and first: runs under the old one might find nothing.
        renaming = [each for each in topics if each.renames]
        given = self.stores.inbox.of(renaming or topics)
        if not given:
            return None
        streams = {stream for each in given for stream in concerned(each, known)}
        launch = Launch(
            source,
            "webhook",
            run_key(source, given),
            renames=bool(renaming),
            streams=streams,
            quick=not any(each.sweep for each in given) and streams <= self._going_on(source),
        )
        self.claims[launch.run_key] = [each.number for each in given]
        return launch

    def _going_on(self, source: Source) -> set[str]:
        """The streams of which nothing has to be listed whole."""
        settings = self.stores.settings
        basis = basis_of(source, settings, fingerprint_of(settings))
        kept = self.stores.cursors.with_pending()
        return {
            cursor.stream
            for cursor in self.cursors
            if cursor.source_id == source.source_id
            and goes_on(cursor, basis, self.now, pending=(source.source_id, cursor.stream) in kept)
        }

    def _without_ignored(self, source: Source, streams: Collection[str]) -> list[Topic]:
        """What a run could bring in; deliveries of the rest are ended with the reason."""
        wanted: list[Topic] = []
        missed = streams if source.status == "paused" else ()
        for topic in self.waiting[source.source_id]:
            reason = why_ignored(source, topic, streams)
            if reason is None:
                wanted.append(topic)
            else:
                given = self.stores.inbox.of([topic])
                give_up(self.stores, given, missed, "ignored", reason)
        return wanted


def run_key(source: Source, deliveries: Sequence[Delivery]) -> str:
    """Another one for every delivery that comes, for every attempt to bring it in, and after every
    run that had to leave it.
    """
    last = max(deliveries, key=lambda each: each.number)
    after = f":{last.run_id}" if last.run_id else ""
    return f"{source.source_id}:inbox:{last.number}:{last.attempts}{after}"
