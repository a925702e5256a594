"""`sync-assets approve`: large deletes that wait for an operator."""

from contextlib import closing
from typing import Annotated

import typer

from sync_assets.cli.options import Json
from sync_assets.cli.output import examples, note, print_json, print_table
from sync_assets.settings import load_settings
from sync_assets.stores import open_stores

EXAMPLES = examples("approve", "approve 7", "approve 7 --reject")


def approve(
    approval_id: Annotated[
        int | None, typer.Argument(metavar="[ID]", help="Which one; without it: list them.")
    ] = None,
    *,
    reject: Annotated[bool, typer.Option("--reject", help="Keep the documents instead.")] = False,
    as_json: Json = False,
) -> None:
    """List the deletes that are held back as suspiciously large, or decide on one.

    An approved delete is done by the source's next sync, if it still proposes the same documents.
    """
    if reject and approval_id is None:
        raise typer.BadParameter("--reject needs the ID of a held delete")
    with closing(open_stores(load_settings())) as stores:
        if approval_id is None:
            approvals = stores.approvals.all(state="held")
        elif reject:
            approvals = (stores.approvals.reject(approval_id),)
        else:
            approvals = (stores.approvals.approve(approval_id),)
    if as_json:
        print_json(approvals)
    elif approvals:
        print_table(
            ("id", "source", "stream", "state", "deletes", "of", "for example", "since"),
            [
                (
                    each.approval_id,
                    each.source_id,
                    each.stream,
                    each.state,
                    each.proposed,
                    each.total,
                    ", ".join(each.sample_keys[:3]),
                    each.created_at,
                )
                for each in approvals
            ],
        )
    else:
        note("Nothing is held.")
