"""What becomes of the deliveries that were given to a run which is over, or never was."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from sync_assets.control.inbox import Delivery
from sync_assets.pipeline import tags
from sync_assets.pipeline.deliveries import give_up
from sync_assets.pipeline.outcome import failure_of, record_outcome
from sync_assets.stores import Stores

ATTEMPTS = 5
"""Runs that a delivery is given to, before it is left to the schedules."""
_FIRST_SECONDS = 30
_LONGEST_SECONDS = 300
UNRECORDED = timedelta(minutes=2)
"""After the end of a failed run; its sensor, which hears of it once, has failed itself by then."""
NEVER_BEGAN = "its run never began"
CANCELLED = "its run was cancelled"


def settle(
    stores: Stores, instance: dg.DagsterInstance, streams: Mapping[str, Collection[str]]
) -> set[str]:
    """Bring to an end, or back to waiting, what was given to runs that are over, or that never
    were; `streams` are those of each source. Returns the sources that have to wait: for the end of
    a run, or after a failed one.
    """
    waits: set[str] = set()
    for source_id, run_key in stores.inbox.claims():
        run = _latest_run(instance, run_key)
        if not _settled(stores, instance, run_key, run, streams.get(source_id, ())):
            waits.add(source_id)
    return waits


def _settled(
    stores: Stores,
    instance: dg.DagsterInstance,
    run_key: str,
    record: dg.RunRecord | None,
    streams: Collection[str],
) -> bool:
    """Whether nothing is left to the run of that key."""
    inbox = stores.inbox
    if record is None:  # the tick that claimed them died: nobody will start this run
        inbox.release(_numbers(inbox.given(run_key)), NEVER_BEGAN, counted=False)
        return True
    run = record.dagster_run
    if run.status == dg.DagsterRunStatus.SUCCESS:  # what had to wait, it has released itself
        inbox.done(inbox.given(run_key), run.run_id, stores.clock())
        return True
    if run.status == dg.DagsterRunStatus.CANCELED:
        give_up(stores, inbox.given(run_key), streams, "failed", CANCELLED)
        return True
    if run.status != dg.DagsterRunStatus.FAILURE or not _is_recorded(stores, instance, record):
        return False
    given = inbox.given(run_key)
    last = [each for each in given if each.attempts + 1 >= ATTEMPTS]
    again = [each for each in given if each not in last]
    if any(stores.clock() < _next_try(each, record) for each in again):
        return False
    _, message = failure_of(instance, run.run_id)
    give_up(stores, last, streams, "failed", message)
    inbox.release(_numbers(again), message, run_id=run.run_id)
    return True


def _is_recorded(stores: Stores, instance: dg.DagsterInstance, record: dg.RunRecord) -> bool:
    """Whether the failure stands in the registry, which says when the source is tried again."""
    run = record.dagster_run
    if run.tags.get(tags.RECORDED) == run.run_id:
        return True
    if stores.clock() >= _ended_at(record) + UNRECORDED:
        record_outcome(stores, instance, run.run_id)
    return False


def _latest_run(instance: dg.DagsterInstance, run_key: str) -> dg.RunRecord | None:
    """The last run of that key: one that repeats a crashed run inherits it."""
    of_key = dg.RunsFilter(tags={tags.RUN_KEY: run_key})
    return next(iter(instance.get_run_records(of_key, limit=1)), None)


def _next_try(delivery: Delivery, record: dg.RunRecord) -> datetime:
    """30 s after the end of its failed run, doubling to 5 minutes."""
    seconds = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2**delivery.attempts)
    return _ended_at(record) + timedelta(seconds=seconds)


def _ended_at(record: dg.RunRecord) -> datetime:
    return datetime.fromtimestamp(record.end_time or 0, UTC)


def _numbers(group: Sequence[Delivery]) -> list[int]:
    return [each.number for each in group]
