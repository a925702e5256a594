"""Pure: reports -> Dagster metadata. Names are stable, for Dagster plots a number over time."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import dagster as dg

from sync_assets.control.cursors import Cursor
from sync_assets.http.usage import Usage
from sync_assets.index.maintenance import Maintained, TableStatistics
from sync_assets.index.reader import StoredChunks
from sync_assets.index.schema import TableName
from sync_assets.models import Answer, DocumentsReport, Failure, IndexReport, ListReport

Metadata = Mapping[str, dg.MetadataValue]
SHOWN = 20


def listing_metadata(report: ListReport, link: str) -> Metadata:
    """Of the stage that lists."""
    return {
        "dagster/partition_row_count": dg.MetadataValue.int(report.listed),
        **_numbers(report),
        "watermark": dg.MetadataValue.text(report.watermark),
        "source": _link(link),
        **deferral_metadata(report),
    }


def documents_metadata(report: DocumentsReport, link: str, failures: Sequence[Failure]) -> Metadata:
    """Of the stage that holds documents."""
    stored = report.added + report.changed + report.moved + report.unchanged - report.failed
    return {
        "dagster/partition_row_count": dg.MetadataValue.int(stored),
        **_numbers(report),
        "skipped": dg.MetadataValue.int(sum(report.skipped.values())),
        "skipped_by_reason": _table("reason", "documents", report.skipped),
        "batches": _table("batches", "count", report.batches.model_dump()),
        "source": _link(link),
        **deferral_metadata(report),
        **failures_metadata(failures),
    }


def deferral_metadata(report: ListReport | DocumentsReport) -> Metadata:
    """Until when the vendor asked us to wait, and why; nothing where it did not."""
    until = report.deferred_until
    if until is None:
        return {}
    return {"deferred": dg.MetadataValue.text(waits(report)), **_times(deferred_until=until)}


def waits(report: ListReport | DocumentsReport) -> str:
    """In words, of one that is deferred."""
    until = report.deferred_until
    return f"waits until {until:%Y-%m-%d %H:%M:%S} UTC because {report.deferred_because}"


def index_metadata(
    report: IndexReport,
    link: str,
    failures: Sequence[Failure],
    chunks: Iterable[StoredChunks],
    cursor: Cursor,
) -> Metadata:
    """Of the index stage. `chunks` are all that the source's stream has now."""
    return {
        "dagster/partition_row_count": dg.MetadataValue.int(sum(row.count for row in chunks)),
        **_numbers(report),
        **unparsed_metadata(report.unparsed),
        "watermark": dg.MetadataValue.text(cursor.watermark or ""),
        "source": _link(link),
        **_times(verified_at=cursor.verified_at, swept_at=cursor.swept_at),
        **failures_metadata(failures),
    }


def unparsed_metadata(keys: Sequence[str]) -> Metadata:
    """The documents that were cut by lines instead of by syntax; nothing where there are none."""
    if not keys:
        return {}
    more = [f"... and {len(keys) - SHOWN} more"] * (len(keys) > SHOWN)
    return {"unparsed": dg.MetadataValue.text("\n".join([*keys[:SHOWN], *more]))}


def usage_metadata(usage: Sequence[Usage]) -> Metadata:
    """What was asked of vendors' APIs: in all, which is always told, and by each one's resource
    (`github_graphql_calls`), with the points that are left of its budget.
    """
    numbers = {
        "api_calls": sum(each.calls for each in usage),
        "api_bytes": sum(each.bytes for each in usage),
    }
    for each in usage:
        name = re.sub(r"\W+", "_", f"{each.vendor}_{each.resource}")
        numbers |= {
            f"{name}_calls": each.calls,
            f"{name}_points": each.points,
            f"{name}_bytes": each.bytes,
        }
        if each.left is not None:
            numbers[f"{name}_left"] = each.left
    return {name: dg.MetadataValue.int(number) for name, number in numbers.items()}


def failures_metadata(failures: Sequence[Failure]) -> Metadata:
    """The oldest failed documents as a table; nothing where there are none."""
    if not failures:
        return {}
    rows = [
        f"| {cell(each.key)} | {each.error} | {cell(each.message)} | {each.attempts} "
        f"| {each.next_try_at:%Y-%m-%d %H:%M} |"
        for each in failures[:SHOWN]
    ]
    head = ["| document | error | message | attempts | next try (UTC) |", "|---|---|---|---|---|"]
    more = [f"\n... and {len(failures) - SHOWN} more"] * (len(failures) > SHOWN)
    return {"failures_table": dg.MetadataValue.md("\n".join([*head, *rows, *more]))}


def maintenance_metadata(done: Maintained, tables: Mapping[TableName, TableStatistics]) -> Metadata:
    """Of the index as a whole, after its maintenance."""
    numbers = {
        "fragments_removed": done.fragments_removed,
        "versions_removed": done.versions_removed,
        "bytes_removed": done.bytes_removed,
        "dagster/row_count": tables["chunks"].rows if "chunks" in tables else 0,
    }
    for name, table in tables.items():
        numbers |= {
            f"{name}_rows": table.rows,
            f"{name}_fragments": table.fragments,
            f"{name}_unindexed": table.rows if table.unindexed is None else table.unindexed,
            f"{name}_versions": table.versions,
            f"{name}_bytes": table.data_bytes,
        }
    return {
        **{name: dg.MetadataValue.int(number) for name, number in numbers.items()},
        "indexes_created": dg.MetadataValue.text(", ".join(done.created) or "none"),
        "left_for_the_next_run": dg.MetadataValue.text("; ".join(done.skipped) or "nothing"),
    }


def _numbers(report: Answer) -> dict[str, dg.MetadataValue]:
    """Every number of a report, under its own name."""
    found: dict[str, dg.MetadataValue] = {}
    for name, value in report:
        if isinstance(value, float) or name == "seconds":
            found[name] = dg.MetadataValue.float(round(float(value), 3))
        elif isinstance(value, int) and not isinstance(value, bool):
            found[name] = dg.MetadataValue.int(value)
        elif name == "made_way" and value:
            found[name] = dg.MetadataValue.text("for webhooks: what is left follows in a later run")
    return found


def _times(**times: datetime | None) -> dict[str, dg.MetadataValue]:
    return {
        name: dg.MetadataValue.timestamp(time) for name, time in times.items() if time is not None
    }


def _link(link: str) -> dg.MetadataValue:
    """A local repository is shown as the path that it is."""
    if link.startswith(("http://", "https://")):
        return dg.MetadataValue.url(link)
    return dg.MetadataValue.text(link)


def _table(name: str, value: str, rows: Mapping[str, int]) -> dg.MetadataValue:
    columns = [dg.TableColumn(name, "string"), dg.TableColumn(value, "int")]
    return dg.MetadataValue.table(
        [dg.TableRecord({name: key, value: count}) for key, count in rows.items()],
        schema=dg.TableSchema(columns),
    )


def cell(text: str) -> str:
    """The text within one cell of a markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")
