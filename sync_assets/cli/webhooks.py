"""`sync-assets webhooks`: have vendors call us, and see what became of their calls."""

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import Annotated

import typer

from sync_assets.cli.options import Json
from sync_assets.cli.output import (
    ago,
    examples,
    note,
    print_json,
    print_line,
    print_table,
    printable,
)
from sync_assets.control.inbox import Delivery, DeliveryState
from sync_assets.errors import InvalidSettings
from sync_assets.settings import load_settings
from sync_assets.stores import open_stores
from sync_assets.webhooks.addresses import addresses
from sync_assets.webhooks.setup import WebhookSetup, set_up
from sync_assets.webhooks.standing import WebhookStatus, webhook_status

FAILED = 1
NEWEST = 20

app = typer.Typer(
    help="Have vendors call us: url, setup, list, replay, status.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
Wanted = Annotated[
    str | None,
    typer.Argument(
        metavar="[CONNECTOR|SOURCE]", help="github, vercel, ... or a source; default: all you sync."
    ),
]
Source = Annotated[
    str | None, typer.Option(metavar="SOURCE", help="Only of this source.", show_default=False)
]
State = Annotated[
    DeliveryState | None, typer.Option(help="Only in this state.", show_default=False)
]
Limit = Annotated[int, typer.Option(min=1, help="How many.")]
Numbers = Annotated[
    list[int], typer.Argument(metavar="NUMBER...", help="As `webhooks list` numbers them.")
]


@app.command("url", epilog=examples("webhooks url", "webhooks url --json"))
def url(*, as_json: Json = False) -> None:
    """Show the address that each vendor is to call, and whether its secret is set."""
    with closing(open_stores(load_settings())) as stores:
        found = addresses(stores)
    if as_json:
        print_json(found)
    else:
        rows = [(each.connector, each.url, each.has_secret) for each in found]
        print_table(("connector", "url", "secret"), rows)


@app.command(
    "setup",
    epilog=examples("webhooks setup", "webhooks setup github:owner/name", "webhooks setup notion"),
)
def setup(wanted: Wanted = None, *, as_json: Json = False) -> None:
    """Have vendors call us: GitHub and Linear by their APIs, the others in steps that are printed.

    Safe to repeat: the hook that calls our address already is brought up to date. For Notion a
    window of ten minutes is opened, in which its key is believed.
    """
    with closing(open_stores(load_settings())) as stores:
        done = set_up(stores, wanted)
    if as_json:
        print_json(done)
    else:
        for each in done:
            _print_setup(each)
    if any(each.outcome == "failed" for each in done):
        raise typer.Exit(FAILED)


@app.command(
    "list",
    epilog=examples(
        "webhooks list",
        "webhooks list --source github:owner/name --state failed",
        "webhooks list --json",
    ),
)
def list_(
    *,
    source: Source = None,
    state: State = None,
    limit: Limit = NEWEST,
    as_json: Json = False,
) -> None:
    """List the newest deliveries with what became of each."""
    with closing(open_stores(load_settings())) as stores:
        if source is not None:
            stores.registry.get(source)
        deliveries = stores.inbox.newest(source, state, limit)
        now = stores.clock()
    _print_deliveries(deliveries, now, as_json=as_json)


@app.command("replay", epilog=examples("webhooks replay 17", "webhooks replay 17 18 19 --json"))
def replay(numbers: Numbers, *, as_json: Json = False) -> None:
    """Let deliveries that ended be worked on once more."""
    with closing(open_stores(load_settings())) as stores:
        found = {each.number for each in stores.inbox.numbered(numbers)}
        if missing := sorted(set(numbers) - found):
            raise InvalidSettings(
                f"No delivery {', '.join(map(str, missing))}: see `sync-assets webhooks list`"
            )
        deliveries = stores.inbox.replay(numbers)
        now = stores.clock()
    _print_deliveries(deliveries, now, as_json=as_json)
    note("They wait for a run, which `sync-assets up` starts.")


@app.command("status", epilog=examples("webhooks status", "webhooks status --json"))
def status(*, as_json: Json = False) -> None:
    """Show by source what waits, what came last, how fast it was found, and the vendor's hook."""
    with closing(open_stores(load_settings())) as stores:
        rows = webhook_status(stores)
        now = stores.clock()
    if as_json:
        print_json(rows)
        return
    print_table(_STATUS, [_status_cells(row, now) for row in rows])
    for row in rows:
        for line in _remarks(row):
            note(f"{row.source_id}: {line}")
    if not rows:
        note("No source of a vendor with webhooks is registered.")


_STATUS = (
    "source",
    "waiting",
    "running",
    "done",
    "failed",
    "last",
    "lag",
    "hook",
    "checked",
    "sent again",
)


def _status_cells(row: WebhookStatus, now: datetime) -> tuple[object, ...]:
    return (
        row.source_id,
        row.received,
        row.claimed,
        row.done,
        row.failed,
        ago(row.last_received_at, now),
        None if row.lag_seconds is None else f"{row.lag_seconds:.1f} s",
        row.hook_state,
        None if row.hook_checked_at is None else ago(row.hook_checked_at, now),
        row.redelivered,
    )


def _remarks(row: WebhookStatus) -> list[str]:
    lines: list[str] = []
    if not row.has_secret:
        vendor = row.source_id.partition(":")[0].upper()
        lines.append(f"its calls are refused: set SYNC_ASSETS_{vendor}_WEBHOOK_SECRET")
    if row.hook_problem is not None:
        lines.append(printable(row.hook_problem))
    if row.given_up:
        lines.append(f"{row.given_up} never arrived; the schedules find what they said")
    return lines


def _print_setup(done: WebhookSetup) -> None:
    where = done.connector if done.outcome == "by_hand" else f"{done.connector}:{done.place}"
    if done.problem is not None:
        note(f"{where}: {printable(done.problem)}", style="red")
    if done.hook is not None:
        print_line(f"{where}: hook {done.hook} {done.outcome}, calls {done.url}")
    if done.steps:
        print_line(f"{where}, by hand:", style="bold")
        for number, step in enumerate(done.steps, 1):
            print_line(f"  {number}. {step}")


def _print_deliveries(deliveries: Sequence[Delivery], now: datetime, *, as_json: bool) -> None:
    if as_json:
        print_json(deliveries)
    elif deliveries:
        columns = ("number", "source", "event", "subject", "received", "state", "lag", "reason")
        print_table(columns, [_delivery_cells(each, now) for each in deliveries])
    else:
        note("No deliveries.")


def _delivery_cells(delivery: Delivery, now: datetime) -> tuple[object, ...]:
    began = delivery.event_at or delivery.received_at
    done = delivery.done_at if delivery.state == "done" else None
    return (
        delivery.number,
        delivery.source_id,
        delivery.kind,
        delivery.subject,
        ago(delivery.received_at, now),
        delivery.state,
        None if done is None else f"{max(0.0, (done - began).total_seconds()):.1f} s",
        delivery.reason,
    )
