"""`sync-assets sandbox`: a git host on loopback, to try things on."""

from contextlib import suppress
from typing import Annotated

import typer

from sync_assets.cli.answers import Endpoint
from sync_assets.cli.options import Json
from sync_assets.cli.output import examples, note, print_json, print_line
from sync_assets.cli.processes import stoppable, wait_for_signal
from sync_assets.settings import load_settings

EXAMPLES = examples("sandbox", "sandbox --port 8900")
DEFAULT_PORT = 8900


def sandbox(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = DEFAULT_PORT,
    as_json: Json = False,
) -> None:
    """Serve git repositories on loopback, the demo's among them, until Ctrl-C.

    They are bare repositories in HOME/sandbox, made at the first start.
    """
    from sync_assets.sandbox.demo import DEMO_REPOSITORY, build_demo_repository
    from sync_assets.sandbox.server import running_sandbox

    root = load_settings().home / "sandbox"
    with stoppable(), suppress(KeyboardInterrupt), running_sandbox(root, port=port) as running:
        if running.repositories.find(DEMO_REPOSITORY) is None:
            build_demo_repository(running.repositories)
        endpoint = Endpoint(name="sandbox", url=running.url)
        if as_json:
            print_json(endpoint)
        else:
            print_line(f"git host    {endpoint.url}", style="bold")
            print_line(f"repository  {endpoint.url}/{DEMO_REPOSITORY}.git")
        note(f"To sync from it: export SYNC_ASSETS_GITHUB_WEB_URL={endpoint.url}. Ctrl-C stops.")
        wait_for_signal()
