"""The tags and states of our runs, and who goes first in the run queue."""

from collections.abc import Mapping
from typing import Final, Literal

from dagster import DagsterRunStatus

from sync_assets.http.policy import Priority

Trigger = Literal[
    "webhook", "request", "retry", "schedule", "manual", "backfill", "reconcile", "verify", "remove"
]
"""Why a run was started."""

SOURCE: Final = "sync_assets/source"
TRIGGER: Final = "sync_assets/trigger"
TRIGGERED_BY: Final = "sync_assets/triggered_by"
"""Who wanted a deployment."""
RECORDED: Final = ".dagster/sync_assets_recorded"
"""Holds the run's own id once its outcome stands in the registry; a re-execution inherits tags."""
BATCH: Final = "sync_assets/batch"
"""Of a backfill's runs: which were started together."""
LANE: Final = "sync_assets/lane"
"""`open` for the quick runs of webhooks, `shared` for all others of our jobs, which leave a slot
free."""
PROCESS: Final = ".dagster/sync_assets_process"
"""Which process executes the run; see `orphans`. Dagster's UI hides tags of this prefix."""

PARTITION: Final = "dagster/partition"
PRIORITY: Final = "dagster/priority"
RUN_KEY: Final = "dagster/run_key"
PARENT: Final = "dagster/parent_run_id"
MAX_RETRIES: Final = "dagster/max_retries"
BACKFILL: Final = "dagster/backfill"
WILL_RETRY: Final = "dagster/will_retry"

PRIORITIES: Final[Mapping[Trigger, int]] = {
    "webhook": 30,
    "remove": 25,
    "request": 20,
    "retry": 10,
    "schedule": 10,
    "manual": 0,
    "backfill": 0,
    "reconcile": -10,
    "verify": -20,
}

CALLS: Final[Mapping[Trigger, Priority]] = {
    "webhook": Priority.WEBHOOK,
    "backfill": Priority.BACKFILL,
    "reconcile": Priority.BACKFILL,
    "verify": Priority.BACKFILL,
}
"""Who goes first where a vendor's budget is short; all others as a schedule does."""

UNFINISHED: Final = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]
"""The states of a run that is still to end."""


UNDER_WAY: Final = [state for state in UNFINISHED if state != DagsterRunStatus.QUEUED]
"""The states of a run that no later one can overtake in the queue."""


def run_tags(
    trigger: Trigger, source_id: str, batch: str = "", *, quick: bool = True
) -> dict[str, str]:
    """Of a run for one source, which is not `quick` where it has to list everything first."""
    tags = {SOURCE: source_id, TRIGGER: trigger, PRIORITY: str(PRIORITIES[trigger])}
    if batch:
        tags[BATCH] = batch
    return {**tags, LANE: "open"} if trigger == "webhook" and quick else tags


def calls_of(run_tags: Mapping[str, str]) -> Priority:
    """With which priority a run with these tags calls vendors."""
    return next(
        (calls for trigger, calls in CALLS.items() if run_tags.get(TRIGGER) == trigger),
        Priority.BACKFILL if BACKFILL in run_tags else Priority.SCHEDULE,
    )
