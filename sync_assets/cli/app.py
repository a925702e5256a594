"""The command line: START HERE. Each command is a thin function over one call of the engine.

Exit codes: 0 fine, 1 failed, 2 wrong usage or settings, 3 differences found, 130 interrupted.
"""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from sync_assets.cli import (
    approve,
    demo,
    deployments,
    failures,
    sandbox,
    search,
    sources,
    status,
    sync,
    up,
    verify,
    webhooks,
)
from sync_assets.cli.output import note, print_line
from sync_assets.errors import InvalidSettings, SyncAssetsError, UnknownSource

FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130

app = typer.Typer(
    name="sync-assets",
    help="Keep one LanceDB index equal to your repositories, and search it.",
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,  # a traceback of ours shows no local variables: no secrets
    no_args_is_help=True,
)
app.command("demo", epilog=demo.EXAMPLES)(demo.demo)
app.command("up", epilog=up.EXAMPLES)(up.up)
app.add_typer(sources.app, name="sources")
app.command("sync", epilog=sync.EXAMPLES)(sync.sync)
app.command("search", epilog=search.EXAMPLES)(search.search)
app.command("verify", epilog=verify.EXAMPLES)(verify.verify)
app.command("status", epilog=status.EXAMPLES)(status.status)
app.add_typer(failures.app, name="failures")
app.command("approve", epilog=approve.EXAMPLES)(approve.approve)
app.add_typer(deployments.app, name="deployments")
app.add_typer(webhooks.app, name="webhooks")
app.command("sandbox", epilog=sandbox.EXAMPLES)(sandbox.sandbox)


def _print_version(*, asked: bool) -> None:
    if asked:
        print_line(version("sync-assets"))
        raise typer.Exit


@app.callback()
def options(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it."),
    ] = False,
) -> None:
    """Keep one LanceDB index equal to your repositories, and search it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit; an error meant for people is one line on standard error."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    try:
        code = app(arguments, prog_name="sync-assets", standalone_mode=False)
    except typer.TyperException as error:  # wrong usage; without a message, help was shown
        if message := error.format_message():
            note(f"Error: {message}", style="red")
        return error.exit_code
    except (InvalidSettings, UnknownSource) as error:
        note(f"Error: {error}", style="red")
        return WRONG_USAGE
    except SyncAssetsError as error:
        note(f"Error: {error}", style="red")
        return FAILED
    if code == INTERRUPTED:
        note("Interrupted. What was committed stays; run the same command again to continue.")
    return code or 0
