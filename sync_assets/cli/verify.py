"""`sync-assets verify`: is the index equal to the live source?"""

from contextlib import closing
from typing import Annotated

import typer

from sync_assets.cli.options import Json, OptionalSourceId
from sync_assets.cli.output import examples, note, print_json, print_line, print_table
from sync_assets.cli.progress import shown_progress
from sync_assets.connectors.catalog import connector_named
from sync_assets.models import VerifyReport
from sync_assets.settings import load_settings
from sync_assets.stores import open_stores

EXAMPLES = examples("verify", "verify github:owner/name", "verify github:owner/name --repair")
DIFFERENCES_FOUND = 3


def verify(
    source: OptionalSourceId = None,
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what differs.")] = False,
    as_json: Json = False,
) -> None:
    """Compare the index with the live source and name every difference; exit code 3 if any."""
    from sync_assets.sync.verify import verify_stream

    reports: list[VerifyReport] = []
    with closing(open_stores(load_settings())) as stores, shown_progress() as progress:
        for each in stores.registry.all() if source is None else [stores.registry.get(source)]:
            connector = connector_named(each.connector)
            reports += [
                verify_stream(stores, each, connector, stream, repair=repair, progress=progress)
                for stream in connector.streams_of(each)
            ]
    if as_json:
        print_json(reports)
    else:
        for report in reports:
            _print_report(report)
    if not reports:
        note("No sources yet. Register one: sync-assets sources add github OWNER/NAME")
    if not all(report.equal for report in reports):
        raise typer.Exit(DIFFERENCES_FOUND)


def _print_report(report: VerifyReport) -> None:
    verdict = "equal" if report.equal else f"{len(report.differences)} differences"
    repaired = f", {report.repaired} repaired" if report.repaired else ""
    print_line(
        f"{report.source_id} {report.stream}: {verdict}{repaired}"
        f" ({report.documents} documents, {report.chunks} chunks, {report.seconds:.1f} s)",
        style="green" if report.equal else "red",
    )
    if report.differences:
        print_table(
            ("difference", "document", "detail"),
            [(each.kind, each.key, each.detail) for each in report.differences],
        )
