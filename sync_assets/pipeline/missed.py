"""On a schedule, GitHub is asked to send again what did not arrive."""

import dagster as dg
from dagster import OpExecutionContext, ScheduleEvaluationContext

from sync_assets.pipeline import tags
from sync_assets.pipeline.resources import Provided

JOB = "redeliver_missed"
CRON = "*/10 * * * *"


def missed_job() -> dg.JobDefinition:
    """A job and not the schedule itself: reading many logs takes longer than a tick may."""

    @dg.op(
        name="read_delivery_logs",
        out=dg.Out(dg.Nothing),
        description="Reads the log of deliveries of each repository's hook, and has sent again "
        "what did not arrive, each at most five times. What cannot be read is told once, here and "
        "in `webhooks status`, and fails nothing.",
    )
    def read(context: OpExecutionContext, stores: Provided) -> None:
        from sync_assets.webhooks.missed import redeliver_missed

        with stores.open() as opened:
            redeliver_missed(opened, context.log.info)

    @dg.job(
        name=JOB,
        description="Webhooks that GitHub sent and we did not get: it is asked for them again.",
    )
    def redeliver() -> None:
        read()

    return redeliver


def missed_deliveries(job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Every ten minutes, where there is a repository, and an address that its hook could call."""

    @dg.schedule(
        name="missed_deliveries",
        cron_schedule=CRON,
        job=job,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Has GitHub's logs of deliveries read.",
    )
    def evaluate(
        context: ScheduleEvaluationContext, stores: Provided
    ) -> dg.RunRequest | dg.SkipReason:
        from sync_assets.webhooks.repositories import repositories

        with stores.open() as opened:
            if opened.settings.public_url is None:
                return dg.SkipReason("SYNC_ASSETS_PUBLIC_URL is empty: no hook of ours is known.")
            if not repositories(opened.registry.all()):
                return dg.SkipReason("No repository of GitHub is registered.")
        return dg.RunRequest(tags={tags.TRIGGER: "schedule", tags.PRIORITY: "-10"})

    return evaluate
