"""`sync-assets sync`: one source, now, in this process."""

from typing import Annotated

import typer

from sync_assets.cli.options import Json, SourceId
from sync_assets.cli.output import examples, print_json, print_line
from sync_assets.cli.progress import shown_progress
from sync_assets.models import SyncReport
from sync_assets.settings import load_settings

EXAMPLES = examples("sync github:owner/name", "sync github:owner/name --full")


def sync(
    source: SourceId,
    *,
    full: Annotated[
        bool, typer.Option("--full", help="List everything, even where nothing seems changed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Sync one source now: its Dagster job, run in this process.

    After Ctrl-C or a kill, the same command continues where it was.
    """
    from sync_assets.pipeline.in_process import run_sync

    with shown_progress() as progress:
        reports = run_sync(load_settings(), source, "full" if full else "incremental", progress)
    if as_json:
        print_json(reports)
    else:
        for report in reports:
            print_line(summary(report))


def summary(report: SyncReport) -> str:
    """One line: what changed, and what it cost."""
    name = f"{report.source_id} {report.stream}"
    documents, index = report.documents, report.index
    waits = report.listing if documents is None else documents
    wait = waits.deferred_until and (
        f"waits until {waits.deferred_until:%Y-%m-%d %H:%M:%S} UTC because {waits.deferred_because}"
    )
    if wait and index is None:
        return f"{name}: {wait}"
    if documents is None or index is None:
        return f"{name}: unchanged ({report.listing.seconds:.1f} s)"
    seconds = report.listing.seconds + documents.seconds + index.seconds
    parts = [
        f"{documents.added} added",
        f"{documents.changed} changed",
        f"{index.documents_deleted} deleted",
        f"{sum(documents.skipped.values())} not searchable",
        f"{index.chunks_written} chunks written",
        f"{index.texts_embedded} texts embedded",
    ]
    if documents.moved:
        parts.insert(2, f"{documents.moved} moved")
    if index.documents_held:
        parts.append(f"{index.documents_held} deletes held (sync-assets approve)")
    if index.unparsed:
        parts.append(f"{len(index.unparsed)} cut by lines, too costly to parse")
    if index.failures:
        parts.append(f"{index.failures} failed (sync-assets failures list)")
    if wait:
        parts.append(wait)
    return f"{name}: {', '.join(parts)} ({seconds:.1f} s)"
