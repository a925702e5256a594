"""The sensor that tells people."""

import dagster as dg
from dagster import SensorEvaluationContext

from sync_assets.alerts import send_alerts
from sync_assets.pipeline.resources import Provided

SECONDS = 15


def alerts() -> dg.SensorDefinition:
    """Starts no run: it sends what is to be said, and again what did not arrive."""

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells people, once each, of sources that went into `error` and of those that "
        "recovered: by the log, by Slack, by a webhook. What failed to arrive is sent again.",
    )
    def evaluate(context: SensorEvaluationContext, stores: Provided) -> dg.SkipReason:
        with stores.open() as opened:
            sent = send_alerts(opened, context.log)
        return dg.SkipReason(f"{sent} messages were sent." if sent else "There is nothing to tell.")

    return evaluate
