"""`sync-assets up`: Dagster and the receiver of webhooks, until Ctrl-C."""

from pathlib import Path
from typing import Annotated

import typer

from sync_assets.cli.answers import Endpoint
from sync_assets.cli.options import Json
from sync_assets.cli.output import examples, note, print_json, print_line
from sync_assets.cli.processes import stoppable
from sync_assets.cli.services import DEFAULT_PORT, running_services
from sync_assets.settings import load_settings

EXAMPLES = examples("up", "up --port 3001")
Port = Annotated[
    int, typer.Option(min=0, max=65535, help="Of Dagster's UI, on loopback; 0: any free one.")
]


def up(*, port: Port = DEFAULT_PORT, as_json: Json = False) -> None:
    """Run Dagster, which syncs every source when it is due and serves the UI, and the receiver of
    webhooks, until Ctrl-C.
    """
    from sync_assets.server.binding import refusal

    settings = load_settings()
    with stoppable():
        try:
            with running_services(settings, port=port, folder=Path.cwd(), say=note) as services:
                endpoints = [
                    Endpoint(name="dagster", url=services.webserver.url),
                    Endpoint(name="webhooks", url=f"{services.receiver}/webhooks"),
                ]
                if as_json:
                    print_json(endpoints)
                else:
                    print_line(f"Dagster UI  {endpoints[0].url}", style="bold")
                    print_line(f"Webhooks    {endpoints[1].url}/CONNECTOR")
                if line := refusal(settings):
                    note(line)
                note(f"Logs in {services.logs}. Ctrl-C stops.")
                services.children.wait()
        except KeyboardInterrupt:
            note("Stopped. A sync that was under way continues where it was when `up` runs again.")
