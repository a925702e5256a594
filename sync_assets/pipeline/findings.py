"""What each check finds: of one source's stream, from the stores, without Dagster running."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import dagster as dg
from dagster import AssetCheckSeverity, AssetExecutionContext, OpExecutionContext

from sync_assets.connectors.base import Stream
from sync_assets.freshness import is_overdue, is_sweep_overdue
from sync_assets.models import Source, VerifyReport
from sync_assets.pipeline.deliveries import concerned
from sync_assets.pipeline.metadata import cell, failures_metadata
from sync_assets.redaction import RULES_VERSION
from sync_assets.stores import Stores

SHOWN_DIFFERENCES = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """A check's answer. A warning is something that a person has to decide or wait for."""

    passed: bool
    description: str | None = None
    metadata: Mapping[str, dg.MetadataValue] = field(default_factory=dict[str, dg.MetadataValue])
    severity: AssetCheckSeverity = AssetCheckSeverity.ERROR

    def result(self, key: dg.AssetCheckKey) -> dg.AssetCheckResult:
        """As a check's own step yields it."""
        return dg.AssetCheckResult(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=self.passed,
            description=self.description,
            metadata=self.metadata,
            severity=self.severity,
        )

    def tell(
        self, context: OpExecutionContext | AssetExecutionContext, key: dg.AssetCheckKey, scope: str
    ) -> None:
        """As any other op logs it."""
        evaluation = dg.AssetCheckEvaluation(
            asset_key=key.asset_key,
            check_name=key.name,
            partition=scope,
            passed=self.passed,
            description=self.description,
            metadata=self.metadata,
            severity=self.severity,
        )
        context.log_event(evaluation)  # pyright: ignore[reportArgumentType] - its type is too narrow


def no_duplicate_chunks(stores: Stores, source: Source, stream: Stream) -> Finding:
    """Every document's chunks are one whole set: of one version, each chunk once."""
    stored = stores.reader.chunks_stored(source.source_id, stream.name)
    torn = sum(row.torn for row in stored.values())
    duplicates = sum(row.count - row.distinct for row in stored.values())
    return Finding(
        passed=not torn and not duplicates,
        metadata={
            "duplicate_chunks": dg.MetadataValue.int(duplicates),
            "torn_documents": dg.MetadataValue.int(torn),
        },
    )


def no_failures(stores: Stores, source: Source, stream: Stream) -> Finding:
    """No document waits to be tried again. Their last good versions are still served."""
    mine = stores.failures.list(source.source_id)
    failures = [each for each in mine if each.stream == stream.name]
    return Finding(
        passed=not failures,
        metadata={"failed": dg.MetadataValue.int(len(failures)), **failures_metadata(failures)},
        severity=AssetCheckSeverity.WARN,
    )


def deletes_approved(stores: Stores, source: Source, stream: Stream) -> Finding:
    """No large delete waits for an operator (`sync-assets approve`)."""
    every = stores.approvals.all(source.source_id, "held")
    held = [each for each in every if each.stream == stream.name]
    texts = [
        f"approval {each.approval_id}: {each.proposed} of {each.total} documents are gone at the "
        "source and kept until `sync-assets approve` decides"
        for each in held
    ]
    return Finding(
        passed=not held,
        description="; ".join(texts) or None,
        metadata={"held": dg.MetadataValue.int(sum(each.proposed for each in held))},
        severity=AssetCheckSeverity.WARN,
    )


def no_secrets(stores: Stores, source: Source, stream: Stream) -> Finding:
    """Every stored document went through the redaction rules of today."""
    stored = stores.reader.documents_stored(source.source_id, stream.name)
    older = sum(row.redaction != RULES_VERSION for row in stored.values())
    return Finding(
        passed=older == 0,
        metadata={
            "documents": dg.MetadataValue.int(len(stored)),
            "redacted_by_older_rules": dg.MetadataValue.int(older),
        },
    )


def fresh_against_cron(stores: Stores, source: Source, stream: Stream) -> Finding:
    """A listing proved the index up to date within two periods of the source's cron; a new source
    has as long for its first. Where most listings tell only of changes, a complete one did so
    within two periods of the stream's sweep. No webhook waits longer than the schedule would take.
    """
    cursor, now = stores.cursors.get(source.source_id, stream.name), stores.clock()
    since, text = cursor.verified_at or source.created_at, None
    if is_overdue(source, since, now):
        text = f"No listing has confirmed it since {since:%Y-%m-%d %H:%M} UTC"
    elif is_sweep_overdue(cursor, now):
        text = f"No complete listing has confirmed it since {cursor.swept_at:%Y-%m-%d %H:%M} UTC"
    else:
        about = [
            topic.since
            for topic in stores.inbox.waiting(source.source_id)
            if concerned(topic, [stream.name])
        ]
        if about and is_overdue(source, min(about), now):
            text = f"A webhook of {min(about):%Y-%m-%d %H:%M} UTC waits to be brought in"
    return Finding(passed=text is None, description=text, severity=AssetCheckSeverity.WARN)


def equality(report: VerifyReport) -> Finding:
    """The audit's numbers, and the first differences by name."""
    metadata: dict[str, dg.MetadataValue] = {
        "documents": dg.MetadataValue.int(report.documents),
        "chunks": dg.MetadataValue.int(report.chunks),
        "differences": dg.MetadataValue.int(len(report.differences)),
        "seconds": dg.MetadataValue.float(round(report.seconds, 3)),
        "watermark": dg.MetadataValue.text(report.watermark),
    }
    if report.equal:
        text = f"Equal: {report.documents:,} documents, {report.chunks:,} chunks."
        return Finding(passed=True, description=text, metadata=metadata)
    rows = [
        f"| {each.kind} | {cell(each.key or each.document_id or '')} | {cell(each.detail)} |"
        for each in report.differences[:SHOWN_DIFFERENCES]
    ]
    table = "\n".join(["| kind | document | detail |", "|---|---|---|", *rows])
    metadata["differences_table"] = dg.MetadataValue.md(table)
    kinds = Counter(each.kind for each in report.differences)
    text = "Differs: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return Finding(passed=False, description=text, metadata=metadata)
