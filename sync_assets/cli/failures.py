"""`sync-assets failures`: documents that could not be brought in."""

from collections.abc import Sequence
from contextlib import closing
from typing import Annotated

import typer

from sync_assets.cli.options import Json, OptionalSourceId
from sync_assets.cli.output import examples, note, print_json, print_table
from sync_assets.errors import InvalidSettings
from sync_assets.models import Failure
from sync_assets.settings import load_settings
from sync_assets.stores import Stores, open_stores

app = typer.Typer(
    help="Documents that could not be brought in: list, retry, forget.", no_args_is_help=True
)
Key = Annotated[
    str | None, typer.Option(metavar="KEY", help="Only this document, named as `list` names it.")
]


@app.command("list", epilog=examples("failures list", "failures list github:owner/name --json"))
def list_(source: OptionalSourceId = None, *, as_json: Json = False) -> None:
    """List failed documents; the last good version of each is still found."""
    with closing(open_stores(load_settings())) as stores:
        failures = _chosen(stores, source, None)
    _print(failures, as_json=as_json)


@app.command("retry", epilog=examples("failures retry", "failures retry github:owner/name"))
def retry(source: OptionalSourceId = None, *, key: Key = None, as_json: Json = False) -> None:
    """Let failed documents be tried again now, instead of at their own time."""
    with closing(open_stores(load_settings())) as stores:
        ids = [failure.document_id for failure in _chosen(stores, source, key)]
        stores.failures.retry_now(ids)
        failures = [each for each in stores.failures.list(source) if each.document_id in ids]
    _print(failures, as_json=as_json)
    note(f"{len(failures)} to be tried again: by the next sync, or at once where `up` runs.")


@app.command("forget", epilog=examples("failures forget github:owner/name --key src/broken.py"))
def forget(source: OptionalSourceId = None, *, key: Key = None, as_json: Json = False) -> None:
    """Strike documents off the list; a sync that fails on one again lists it again."""
    with closing(open_stores(load_settings())) as stores:
        failures = _chosen(stores, source, key)
        stores.failures.resolve([failure.document_id for failure in failures])
    _print(failures, as_json=as_json)
    note(f"{len(failures)} forgotten.")


def _chosen(stores: Stores, source: str | None, key: str | None) -> list[Failure]:
    """The failures meant; a source or key that does not exist is an error, not an empty list."""
    if source is not None:
        stores.registry.get(source)
    failures = [each for each in stores.failures.list(source) if key in {None, each.key}]
    if key is not None and not failures:
        raise InvalidSettings(f"No failed document {key}: see `sync-assets failures list`")
    return failures


def _print(failures: Sequence[Failure], *, as_json: bool) -> None:
    if as_json:
        print_json(failures)
    elif failures:
        print_table(
            ("source", "document", "error", "attempts", "next try", "message"),
            [
                (
                    each.source_id,
                    each.key,
                    each.error,
                    each.attempts,
                    each.next_try_at,
                    each.message,
                )
                for each in failures
            ],
        )
    else:
        note("No failures.")
