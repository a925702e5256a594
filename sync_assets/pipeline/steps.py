"""What surrounds every step of a run: its stores, its source, its marks, a dead writer's lease."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg

from sync_assets.connectors.base import Connector, Stream
from sync_assets.errors import LeaseHeld
from sync_assets.models import Failure, Source
from sync_assets.pipeline import tags
from sync_assets.pipeline.orphans import claim
from sync_assets.pipeline.resources import Report, StoresProvider
from sync_assets.stores import Stores
from sync_assets.sync.engine import StreamSync

LEASE_RETRIES = 2


@dataclass(frozen=True, slots=True)
class Step:
    """One asset of one run: the stores, the source behind the partition, its sync."""

    provider: StoresProvider
    stores: Stores
    source: Source
    sync: StreamSync
    link: str

    def take(self, report: Report) -> None:
        """The step is done."""
        self.provider.take(self.sync.stream.name, report)

    def failures(self) -> Sequence[Failure]:
        """Of this stream."""
        mine = self.stores.failures.list(self.source.source_id)
        return [each for each in mine if each.stream == self.sync.stream.name]


@contextmanager
def opened_step(
    context: dg.AssetExecutionContext, connector: Connector, stream: Stream, stores: StoresProvider
) -> Generator[Step]:
    """The step's surroundings. Marks the run with its source, whoever launched it."""
    with stores.open() as opened, _after_a_crash(context, opened):
        source = opened.registry.by_partition(connector.name, context.partition_key)
        trigger = "backfill" if tags.BACKFILL in context.run.tags else "manual"
        marks = {tags.SOURCE: source.source_id, tags.TRIGGER: trigger}
        missing = {name: mark for name, mark in marks.items() if name not in context.run.tags}
        context.instance.add_run_tags(context.run.run_id, missing)
        claim(context.instance, context.run.run_id)
        sync = StreamSync(opened, source, connector, stream, progress=stores.progress(context.log))
        yield Step(stores, opened, source, sync, connector.link(source, opened.settings))


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
