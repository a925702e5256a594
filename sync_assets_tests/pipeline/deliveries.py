"""Deliveries in the inbox, and the daemon's rounds that bring them in."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from sync_assets.control.filing import Incoming
from sync_assets.models import Source
from sync_assets.pipeline.outcome import record_outcome
from sync_assets_tests.pipeline.conftest import Pipeline


def deliver(
    pipeline: Pipeline,
    source: Source,
    delivery_id: str,
    streams: Sequence[str] = (),
    *,
    kind: str = "push",
    **rest: Any,  # noqa: ANN401 - passed on
) -> None:
    """As the receiver stores it."""

    def concerns(each: Source) -> bool:
        return each.source_id == source.source_id

    incoming = Incoming(source.connector, delivery_id, kind, concerns, streams, **rest)
    assert pipeline.stores.inbox.store([incoming]) == ["accepted"]


def asked(pipeline: Pipeline) -> list[dg.RunRequest]:
    """What the sensor asks for."""
    return list(pipeline.tick("webhook_inbox").run_requests or ())


def run(pipeline: Pipeline, requests: Sequence[dg.RunRequest]) -> list[dg.ExecuteInProcessResult]:
    """As the daemon would, with the sensors that tell how runs ended."""
    results = pipeline.launch(requests)
    for result in results:
        record_outcome(pipeline.stores, pipeline.instance, result.run_id)
    return results


def states(pipeline: Pipeline) -> dict[str, str]:
    """By delivery."""
    return {each.delivery_id: each.state for each in pipeline.stores.inbox.newest()}
