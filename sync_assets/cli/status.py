"""`sync-assets status`: every source at a glance."""

import sys
from contextlib import closing
from typing import Annotated

import typer

from sync_assets.cli.options import Json
from sync_assets.cli.output import examples, note, print_json, print_table
from sync_assets.models import SourceStatusRow
from sync_assets.settings import load_settings
from sync_assets.status import status as read_status
from sync_assets.stores import open_stores

EXAMPLES = examples("status", "status --csv > status.csv", "status --json")


def status(
    *,
    csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
    as_json: Json = False,
) -> None:
    """Show each source: documents, chunks, failures, held deletes, and how fresh it is."""
    if csv and as_json:
        raise typer.BadParameter("choose one of --csv and --json")
    with closing(open_stores(load_settings())) as stores:
        rows = read_status(stores)
    if as_json:
        print_json(rows)
        return
    from pandas import DataFrame

    columns = list(SourceStatusRow.model_fields)
    frame = DataFrame([row.model_dump() for row in rows], columns=columns)
    if csv:
        frame.to_csv(sys.stdout, index=False)
        return
    shown = frame.drop(columns=["watermark"])
    print_table([str(name) for name in shown.columns], shown.itertuples(index=False, name=None))
    if not rows:
        note("No sources yet. Register one: sync-assets sources add github OWNER/NAME")
