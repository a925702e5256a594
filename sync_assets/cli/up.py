"""`sync-assets up`: Dagster's webserver and daemon, until Ctrl-C."""

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
    """Run Dagster: syncs every source when it is due, and serves the UI, until Ctrl-C."""
    settings = load_settings()
    with stoppable():
        try:
            with running_services(settings, port=port, folder=Path.cwd(), say=note) as services:
                endpoint = Endpoint(name="dagster", url=services.webserver.url)
                if as_json:
                    print_json(endpoint)
                else:
                    print_line(f"Dagster UI  {endpoint.url}", style="bold")
                note(f"Logs in {services.logs}. Ctrl-C stops.")
                services.children.wait()
        except KeyboardInterrupt:
            note("Stopped. A sync that was under way continues where it was when `up` runs again.")
