"""What is done at a vendor, and searchable here, told to others: observations that can be sensed.

How far was told stands in the last observation itself. So a run that was killed before it told is
made up for by the next one that indexes, and nothing is told twice: nor is a document that was
stored again with nothing new to tell.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import dagster as dg
from dagster import AssetExecutionContext

from sync_assets.connectors.base import Connector, Event, Stream
from sync_assets.pipeline.keys import event_key, index_key
from sync_assets.pipeline.partitions import sources_partitions
from sync_assets.pipeline.steps import StreamStep

MOST_TOLD = 100
"""Of one run, the newest: what a first sync brings in is history."""
_STORED_AT, _DOCUMENT = "stored_at", "document_id"


def event_spec(
    connector: Connector, stream: Stream, event: Event, owners: tuple[str, ...]
) -> dg.AssetSpec:
    """The asset that is observed: an external one, for nothing here makes it."""
    return dg.AssetSpec(
        event_key(connector, event),
        deps=[index_key(connector, stream)],
        partitions_def=sources_partitions(connector.name),
        group_name=connector.name,
        kinds={connector.name},
        owners=owners,
        tags={"sync_assets/connector": connector.name, "sync_assets/stream": stream.name},
        description=f"{event.description}\n\nObserved once for each, after it is indexed; the "
        "observation's metadata says which. Others sense it with `fetch_observations`.",
    )


def tell(context: AssetExecutionContext, key: dg.AssetKey, event: Event, step: StreamStep) -> None:
    """Observe what is done since the last observation, oldest first."""
    source, reader = step.step.source, step.step.stores.reader
    told = _told(context, key)
    last = _place(told[0]) if told else None
    known = {each[_DOCUMENT]: each for each in reversed(told)}
    stored = reader.stored_since(source.source_id, step.stream.name, last and last[0])
    found = [
        (each, facts)
        for each in stored
        if (facts := event.facts(each.metadata)) is not None
        and (last is None or (each.stored_at, each.document_id) > last)
        and not facts.items() <= known.get(each.document_id, {}).items()
    ]
    for each, facts in found[-MOST_TOLD:]:
        context.log_event(
            dg.AssetObservation(
                key,
                partition=context.partition_key,
                metadata={
                    **{name: dg.MetadataValue.text(fact) for name, fact in facts.items()},
                    "title": dg.MetadataValue.text(each.title),
                    "page": dg.MetadataValue.url(each.url),
                    "source": dg.MetadataValue.text(source.source_id),
                    _DOCUMENT: dg.MetadataValue.text(each.document_id),
                    _STORED_AT: dg.MetadataValue.text(each.stored_at.isoformat()),
                },
                tags={"dagster/data_version": each.version},
            )
        )
    if len(found) > MOST_TOLD:
        older = len(found) - MOST_TOLD
        context.log.info("%s: %d older ones are not told", key.to_user_string(), older)


def _told(context: AssetExecutionContext, key: dg.AssetKey) -> Sequence[Mapping[str, str]]:
    """What was told last for this source, newest first."""
    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[context.partition_key])
    records = context.instance.fetch_observations(wanted, limit=MOST_TOLD).records
    return [
        {name: str(fact.value) for name, fact in observation.metadata.items()}
        for record in records
        if (observation := record.asset_observation) is not None
    ]


def _place(told: Mapping[str, str]) -> tuple[datetime, str]:
    """Of a document in the order of telling."""
    return datetime.fromisoformat(told[_STORED_AT]).astimezone(UTC), told[_DOCUMENT]
