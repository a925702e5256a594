"""What surrounds every step of a run: its stores, its source, its marks, a dead writer's lease."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg

from sync_assets.connectors.base import Connector, Hint, Session, Stream
from sync_assets.errors import LeaseHeld
from sync_assets.http.clients import HttpClients
from sync_assets.http.policy import Priority
from sync_assets.http.usage import Usage, used_since
from sync_assets.models import Failure, IndexReport, Source, SyncMode
from sync_assets.pipeline import tags
from sync_assets.pipeline.deliveries import Given
from sync_assets.pipeline.metadata import Metadata
from sync_assets.pipeline.orphans import claim
from sync_assets.pipeline.resources import Report, StoresProvider
from sync_assets.pipeline.yielding import is_urgent, make_way, take_up_later
from sync_assets.stores import Stores
from sync_assets.sync.engine import StreamSync
from sync_assets.sync.progress import Progress

LEASE_RETRIES = 2


class Meter:
    """What the vendors' APIs were used for, from one reading to the next."""

    def __init__(self, http: HttpClients) -> None:
        self._http = http
        self._before: Sequence[Usage] = ()

    def read(self) -> Sequence[Usage]:
        """Since the last reading; the first one since the step began."""
        before, self._before = self._before, self._http.usage()
        return used_since(before, self._before)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one run: the stores, and the source behind the partition."""

    provider: StoresProvider
    stores: Stores
    source: Source
    connector: Connector
    link: str
    progress: Progress
    given: Given
    meter: Meter
    make_way: Callable[[], bool]
    urgent: bool

    def has(self, stream: Stream) -> bool:
        """Whether the source's settings ask for the stream."""
        return any(each.name == stream.name for each in self.connector.streams_of(self.source))

    def of(self, stream: Stream, session: Session | None = None) -> "StreamStep":
        """The stream's part of the step, with what the source's settings say of the stream."""
        own = {each.name: each for each in self.connector.streams_of(self.source)}
        stream = own.get(stream.name, stream)
        sync = StreamSync(
            self.stores,
            self.source,
            self.connector,
            stream,
            progress=self.progress,
            session=session,
            make_way=self.make_way,
            urgent=self.urgent,
        )
        return StreamStep(self, stream, sync)

    @contextmanager
    def sessions(self, streams: Sequence[Stream]) -> Generator[Mapping[str, Session]]:
        """These streams' sessions, opened together."""
        names, stores = [stream.name for stream in streams], self.stores
        with self.connector.open(self.source, names, stores.settings, stores.http) as sessions:
            yield sessions


@dataclass(frozen=True, slots=True)
class StreamStep:
    """What a step does for one stream."""

    step: Step
    stream: Stream
    sync: StreamSync

    def take(self, report: Report) -> None:
        """A part of the stream's sync is done; what is left of it is asked for, or waits."""
        self.step.provider.take(self.stream.name, report)
        if report.made_way or (isinstance(report, IndexReport) and report.left):
            take_up_later(self.step.stores, self.step.source)
        if not isinstance(report, IndexReport) and report.deferred_until is not None:
            self.step.given.put_off(self.stream.name, report.deferred_because or "")

    def mode(self, mode: SyncMode) -> SyncMode:
        """Full where a delivery says that only a complete listing can tell what changed."""
        about = self.step.given.about(self.stream.name)
        return "full" if any(each.sweep for each in about) else mode

    def hints(self) -> Sequence[Hint]:
        """What the run's deliveries name, to be read again; an empty one names nothing."""
        return [each.hints for each in self.step.given.about(self.stream.name)]

    def brought_in(self) -> Metadata:
        """The index holds what the source has: whoever told of a change is heard."""
        return self.step.given.brought_in(self.stream.name)

    def failures(self) -> Sequence[Failure]:
        """Of this stream."""
        mine = self.step.stores.failures.list(self.step.source.source_id)
        return [each for each in mine if each.stream == self.stream.name]


@contextmanager
def opened_step(
    context: dg.AssetExecutionContext, connector: Connector, stores: StoresProvider
) -> Generator[Step]:
    """The step's surroundings. Marks the run with its source, whoever launched it."""
    with stores.open() as opened, _after_a_crash(context, opened):
        source = opened.registry.by_partition(connector.name, context.partition_key)
        trigger = "backfill" if tags.BACKFILL in context.run.tags else "manual"
        marks = {tags.SOURCE: source.source_id, tags.TRIGGER: trigger}
        missing = {name: mark for name, mark in marks.items() if name not in context.run.tags}
        context.instance.add_run_tags(context.run.run_id, missing)
        claim(context.instance, context.run.run_id)
        opened.http.priority = tags.calls_of(context.run.tags)
        if opened.http.priority is Priority.WEBHOOK:  # it moved: nothing kept is asked for again
            for subject in connector.subjects(source):
                opened.http.forget(subject)
        link = connector.link(source, opened.settings)
        names = [stream.name for stream in connector.streams_of(source)]
        given = Given.to(context.run, opened, names)
        show = stores.progress(context.log)
        meter = Meter(opened.http)
        yield Step(
            stores,
            opened,
            source,
            connector,
            link,
            show,
            given,
            meter,
            make_way(opened, source, names, context.run),
            is_urgent(context.run),
        )


@contextmanager
def _after_a_crash(context: dg.AssetExecutionContext, stores: Stores) -> Generator[None]:
    """A run that repeats a crashed one waits out the lease of the dead process."""
    try:
        yield
    except LeaseHeld as held:
        if tags.PARENT not in context.run.tags:
            raise
        seconds = max(1.0, (held.until - stores.clock()).total_seconds())
        raise dg.RetryRequested(LEASE_RETRIES, seconds_to_wait=seconds) from held
