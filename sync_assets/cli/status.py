"""`sync-assets status`: every source at a glance, and the rate budgets in use."""

import sys
from contextlib import closing
from datetime import datetime
from typing import Annotated

import typer

from sync_assets.cli.options import Json
from sync_assets.cli.output import (
    ago,
    examples,
    note,
    print_json,
    print_line,
    print_table,
    printable,
)
from sync_assets.settings import load_settings
from sync_assets.status import BudgetRow, SourceStatusRow, StatusAnswer, budgets
from sync_assets.status import status as read_status
from sync_assets.stores import open_stores

EXAMPLES = examples("status", "status --csv > status.csv", "status --json")
_COLUMNS = (
    "source",
    "stream",
    "status",
    "documents",
    "chunks",
    "failed",
    "held",
    "verified",
    "swept",
    "stale",
)
_BUDGETS = ("budget", "resource", "credential", "left", "of", "reserve", "resets", "waits until")


def status(
    *,
    csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
    as_json: Json = False,
) -> None:
    """Show each source: documents, chunks, failures, held deletes, and how fresh it is: when a
    listing last agreed with the index, and when one that was complete did (swept).

    Below them the vendors' rate budgets that are in use, of whose rest the reserve is kept.
    """
    if csv and as_json:
        raise typer.BadParameter("choose one of --csv and --json")
    with closing(open_stores(load_settings())) as stores:
        answer = StatusAnswer(sources=read_status(stores), budgets=budgets(stores))
        now = stores.clock()
    rows = answer.sources
    if as_json:
        print_json(answer)
    elif csv:
        from pandas import DataFrame

        columns = list(SourceStatusRow.model_fields)
        frame = DataFrame([row.model_dump() for row in rows], columns=columns)
        frame.to_csv(sys.stdout, index=False)
    else:
        print_table(_COLUMNS, [_cells(row, now) for row in rows])
        if answer.budgets:
            print_line()
            print_table(_BUDGETS, [_budget(row) for row in answer.budgets])
        for row in rows:
            if row.deferred_until is not None and row.deferred_until > now:
                wait = f"waits until {row.deferred_until:%Y-%m-%d %H:%M:%S} UTC"
                note(
                    f"{row.source_id} {row.stream}: {wait}: {printable(row.deferred_because or '')}"
                )
            for reason in filter(None, (row.stale_because, row.last_error)):
                note(f"{row.source_id} {row.stream}: {printable(reason)}")
        if not rows:
            note("No sources yet. Register one: sync-assets sources add github OWNER/NAME")


def _cells(row: SourceStatusRow, now: datetime) -> tuple[object, ...]:
    return (
        row.source_id,
        row.stream,
        row.status,
        row.documents,
        row.chunks,
        row.failures,
        row.held,
        ago(row.verified_at, now),
        ago(row.swept_at, now),
        row.stale,
    )


def _budget(row: BudgetRow) -> tuple[object, ...]:
    return (
        row.host,
        row.resource,
        row.credential,
        row.remaining,
        row.limit,
        row.reserve,
        row.reset_at,
        row.waits_until,
    )
