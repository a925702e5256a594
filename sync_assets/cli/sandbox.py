"""`sync-assets sandbox`: GitHub and Vercel on loopback, to try things on."""

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
    """Serve the demo's repository, its issues and its deployments on loopback, until Ctrl-C.

    Repositories are bare ones in HOME/sandbox, made at the first start.
    """
    from sync_assets.sandbox.access import PUBLIC_READER, SANDBOX_TOKEN
    from sync_assets.sandbox.demo import DEMO_REPOSITORY, build_demo_repository
    from sync_assets.sandbox.github.demo import build_demo_tracker
    from sync_assets.sandbox.server import running_sandbox
    from sync_assets.sandbox.vercel.api import PREFIX as VERCEL_PREFIX
    from sync_assets.sandbox.vercel.demo import PROJECT, build_demo_deployments
    from sync_assets.sandbox.vercel.world import SANDBOX_TOKEN as VERCEL_TOKEN

    root = load_settings().home / "sandbox"
    with (
        stoppable(),
        suppress(KeyboardInterrupt),
        running_sandbox(root, port=port, tokens=PUBLIC_READER) as running,
    ):
        if running.repositories.find(DEMO_REPOSITORY) is None:
            build_demo_repository(running.repositories)
        head = running.repositories.get(DEMO_REPOSITORY).head()
        build_demo_tracker(running.trackers)
        build_demo_deployments(running.vercel, str(head))
        endpoint = Endpoint(name="sandbox", url=running.url)
        if as_json:
            print_json(endpoint)
        else:
            print_line(f"git host    {endpoint.url}", style="bold")
            print_line(f"repository  {endpoint.url}/{DEMO_REPOSITORY}.git")
            print_line(
                f"deployments acme/{PROJECT} of Vercel's API at {endpoint.url}{VERCEL_PREFIX}"
            )
        note(
            f"To sync from it: export SYNC_ASSETS_GITHUB_WEB_URL={endpoint.url}"
            f" SYNC_ASSETS_GITHUB_API_URL={endpoint.url}/api/v3"
            f" SYNC_ASSETS_GITHUB_TOKEN={SANDBOX_TOKEN}"
            f" SYNC_ASSETS_VERCEL_API_URL={endpoint.url}{VERCEL_PREFIX}"
            f" SYNC_ASSETS_VERCEL_TOKEN={VERCEL_TOKEN}. Ctrl-C stops."
        )
        wait_for_signal()
