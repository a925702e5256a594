"""`sync-assets sandbox`: all vendors on loopback, to try things on."""

from contextlib import suppress
from typing import Annotated

import typer

from sync_assets.cli.answers import Endpoint
from sync_assets.cli.options import Json
from sync_assets.cli.output import examples, note, print_json, print_line
from sync_assets.cli.processes import stoppable, wait_for_signal
from sync_assets.settings import PREFIX, load_settings

EXAMPLES = examples("sandbox", "sandbox --port 8900")
DEFAULT_PORT = 8900


def sandbox(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = DEFAULT_PORT,
    as_json: Json = False,
) -> None:
    """Serve the demo's repository, issues, deployments, tickets, threads and pages on loopback,
    until Ctrl-C.

    Repositories are bare ones in HOME/sandbox, made at the first start.
    """
    from sync_assets.sandbox.access import ADMIN
    from sync_assets.sandbox.demo_world import build_demo_world, client_settings, demo_sources
    from sync_assets.sandbox.server import running_sandbox

    root = load_settings().home / "sandbox"
    with (
        stoppable(),
        suppress(KeyboardInterrupt),
        running_sandbox(root, port=port, tokens=ADMIN) as running,
    ):
        build_demo_world(running)
        endpoint = Endpoint(name="sandbox", url=running.url)
        if as_json:
            print_json(endpoint)
        else:
            print_line(f"sandbox  {endpoint.url}", style="bold")
            for connector, scope in demo_sources(running):
                print_line(f"source   {connector} {scope}")
        chosen = client_settings(endpoint.url).items()
        exports = " ".join(f"{PREFIX}{name}={value}" for name, value in chosen)
        note(f"To sync from it: export {exports}. Ctrl-C stops.")
        wait_for_signal()
