"""`sync-assets deployments`: start one at Vercel, and see how it ends."""

from contextlib import closing
from typing import Annotated

import typer

from sync_assets.cli.options import Json, SourceId
from sync_assets.cli.output import examples, note, print_json, print_line
from sync_assets.deployments import trigger_deployment
from sync_assets.settings import load_settings
from sync_assets.stores import open_stores

app = typer.Typer(help="Deployments of Vercel projects.", no_args_is_help=True)
FAILED = 1


@app.command(
    "trigger",
    epilog=examples(
        "deployments trigger vercel:team/project",
        "deployments trigger vercel:team/project --no-build-cache",
    ),
)
def trigger(
    source: SourceId,
    *,
    build_cache: Annotated[
        bool, typer.Option("--build-cache/--no-build-cache", help="Build from what is cached.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Call the project's deploy hook and follow the deployment to its end, half an hour at most.

    Exit code 1 where it fails or is cancelled. Vercel takes 60 calls of hooks an hour.
    """
    with closing(open_stores(load_settings())) as stores:
        outcome = trigger_deployment(stores, source, build_cache=build_cache, progress=note)
    if as_json:
        print_json(outcome)
    else:
        error = f": {outcome.error}" if outcome.error else ""
        print_line(f"{outcome.deployment} is {outcome.state}{error} ({outcome.seconds:.0f} s)")
        print_line(outcome.url)
    if not outcome.is_good:
        raise typer.Exit(FAILED)
