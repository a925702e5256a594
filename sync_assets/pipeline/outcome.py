"""A run's outcome, into the registry: counted once, whoever ran it.

A run in this process records its own; the daemon's runs are recorded by the run status sensors.
Only what is about the source counts against it: a full disk must not switch off every source.
"""

import dagster as dg
from dagster import DagsterEventType

from sync_assets import errors
from sync_assets.git.errors import RefMissing
from sync_assets.pipeline import tags
from sync_assets.stores import Stores

NOT_THE_SOURCES = frozenset(
    error.__name__
    for error in (
        errors.EmbedderFailed,
        errors.FingerprintMismatch,
        errors.LeaseHeld,
        errors.LeaseLost,
        errors.NewerSchema,
        errors.RateLimited,
        errors.StoreUnavailable,
        errors.UnknownSource,
    )
)
CLOSED = frozenset(
    error.__name__ for error in (errors.SourceGone, errors.SourceRejectedUs, RefMissing)
)
"""The vendor shows us nothing; a webhook may have said why."""
JOBS_THAT_SYNC = ("sync_", "rename_source", "__ASSET_JOB")


def record_outcome(stores: Stores, instance: dg.DagsterInstance, run_id: str) -> None:
    """Success resets the source's count of failures; the fifth failure in a row makes it `error`.

    Nothing is counted for a run that will be retried, was cancelled, or is recorded already.
    """
    run = instance.get_run_by_id(run_id)
    if run is None or not run.job_name.startswith(JOBS_THAT_SYNC):
        return
    source_id = run.tags.get(tags.SOURCE)
    if source_id is None or run.tags.get(tags.RECORDED) == run_id:
        return
    try:
        if run.status == dg.DagsterRunStatus.SUCCESS:
            stores.registry.record_success(source_id)
        elif run.status == dg.DagsterRunStatus.FAILURE:
            if run.tags.get(tags.WILL_RETRY) == "true":
                return
            name, message = failure_of(instance, run_id)
            if name not in NOT_THE_SOURCES:
                since = stores.registry.get(source_id).last_success_at
                told = stores.inbox.ends(source_id, since) if name in CLOSED else None
                stores.registry.record_failure(source_id, f"{told}: {message}" if told else message)
    except errors.UnknownSource:
        return  # removed meanwhile: nobody is left to tell
    instance.add_run_tags(run_id, {tags.RECORDED: run_id})


def failure_of(instance: dg.DagsterInstance, run_id: str) -> tuple[str, str]:
    """The class of the error that failed the run, and a message fit to be stored: only our own
    errors are known to hold no content.
    """
    for entry in instance.all_logs(run_id, of_type=DagsterEventType.STEP_FAILURE):
        error = entry.get_dagster_event().step_failure_data.error
        while error is not None and error.cause is not None and _is_wrapper(error.cls_name):
            error = error.cause
        if error is None or error.cls_name is None:
            continue
        if not hasattr(errors, error.cls_name) and error.cls_name != RefMissing.__name__:
            return error.cls_name, f"Unexpected {error.cls_name}: see the log of the run"
        return error.cls_name, error.message.partition(": ")[2].strip()
    return "Crash", "The run's process ended unexpectedly"


def _is_wrapper(name: str | None) -> bool:
    """Whether Dagster raised it around ours."""
    return name is None or name.startswith(("Dagster", "RetryRequested"))
