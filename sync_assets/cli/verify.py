"""`sync-assets verify`: is the index equal to the live source?"""

from collections.abc import Sequence
from contextlib import closing
from typing import Annotated

import typer

from sync_assets.cli.options import Json, OptionalSourceId
from sync_assets.cli.output import examples, note, print_json, print_line, print_table, printable
from sync_assets.cli.progress import shown_progress
from sync_assets.connectors.catalog import connector_named
from sync_assets.errors import RateLimited
from sync_assets.models import Source, VerifyReport
from sync_assets.settings import load_settings
from sync_assets.stores import Stores, open_stores

EXAMPLES = examples("verify", "verify github:owner/name", "verify github:owner/name --repair")
FAILED = 1
DIFFERENCES_FOUND = 3


def verify(
    source: OptionalSourceId = None,
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what differs.")] = False,
    as_json: Json = False,
) -> None:
    """Compare the index with the live source and name every difference; exit code 3 if any."""
    with closing(open_stores(load_settings())) as stores:
        every = stores.registry.all() if source is None else [stores.registry.get(source)]
        reports, limits = _audits(stores, every, repair=repair)
    if as_json:
        print_json(reports)
    else:
        for report in reports:
            _print_report(report)
    for limited in limits:
        note(f"Not verified: {printable(str(limited))}", style="red")
    if not reports and not limits:
        note("No sources yet. Register one: sync-assets sources add github OWNER/NAME")
    if not all(report.equal for report in reports):
        raise typer.Exit(DIFFERENCES_FOUND)
    if limits:
        raise typer.Exit(FAILED)


def _audits(
    stores: Stores, sources: Sequence[Source], *, repair: bool
) -> tuple[list[VerifyReport], list[RateLimited]]:
    """What was found; and why some streams could not be looked at now."""
    from sync_assets.sync.verify import verify_stream

    reports: list[VerifyReport] = []
    limits: list[RateLimited] = []
    with shown_progress() as show:
        for source in sources:
            connector = connector_named(source.connector)
            for stream in connector.streams_of(source):
                try:
                    reports.append(
                        verify_stream(
                            stores, source, connector, stream, repair=repair, progress=show
                        )
                    )
                except RateLimited as limited:
                    limits.append(limited)
    return reports, limits


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
