"""`sync-assets demo`: the whole thing on one machine, with no token and no service."""

from typing import Annotated

import typer

from sync_assets.cli.options import Json
from sync_assets.cli.output import examples, note, print_json
from sync_assets.cli.processes import stoppable

EXAMPLES = examples("demo", "demo --once")


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="End after the searches.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the UI; 0: any free one.")] = 0,
    as_json: Json = False,
) -> None:
    """Serve a shop's repository, issues, deployments, tickets, threads and pages, sync all with
    Dagster, push a commit, write a comment, and find both.

    Everything is on this machine, in HOME/demo, which is wiped at the start.
    """
    from sync_assets.cli.demo_services import running_demo
    from sync_assets.cli.demonstration import show

    with stoppable():
        try:
            with running_demo(port) as running:
                report = show(running, print_answers=not as_json)
                if as_json:
                    print_json(report)
                note("")
                for endpoint in report.endpoints:
                    note(f"{endpoint.name:11} {endpoint.url}")
                if not once:
                    note("Ctrl-C stops everything.")
                    running.services.children.wait()
        except KeyboardInterrupt:
            note("Stopped; nothing is left running. The next demo starts anew.")
