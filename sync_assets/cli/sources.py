"""`sync-assets sources`: what is kept equal."""

from contextlib import closing
from typing import Annotated

import typer
from pydantic import JsonValue

from sync_assets import sources
from sync_assets.cli.options import (
    Branch,
    Comments,
    Content,
    Exclude,
    GraphQL,
    Include,
    Json,
    LastCommits,
    MaxFileBytes,
    OptionalSourceId,
    RateTier,
    Schedule,
    SourceId,
    Streams,
    SweepHours,
    Transport,
)
from sync_assets.cli.output import examples, note, print_json, print_line, print_table
from sync_assets.cli.services import is_running
from sync_assets.connectors.catalog import connector_named
from sync_assets.errors import LeaseHeld
from sync_assets.models import Source
from sync_assets.settings import load_settings
from sync_assets.stores import open_stores

app = typer.Typer(
    help="What is kept equal: register, list, check, change and remove sources.",
    no_args_is_help=True,
)
FAILED = 1


@app.command(
    "add",
    epilog=examples(
        "sources add github owner/name",
        "sources add github owner/name --branch develop --include 'src/**' --exclude '*.min.js'",
        "sources add git https://git.example.com/team/tools.git --schedule '0 * * * *'",
        "sources add vercel team/project",
        "sources add slack C0123ABCD",
        "sources add linear ENG",
        "sources add notion 1c7b35e6e67f8096bf3f000ba938459e --no-comments",
    ),
)
def add(
    connector: Annotated[
        str,
        typer.Argument(help="github, git for any repository, vercel, slack, linear, notion."),
    ],
    scope: Annotated[
        str,
        typer.Argument(
            help="github: owner/name; git: a URL or a path; vercel: team/project; slack: C0123ABCD;"
            " linear: ENG or workspace; notion: a data source's id."
        ),
    ],
    *,
    branch: Branch = None,
    include: Include = None,
    exclude: Exclude = None,
    max_file_bytes: MaxFileBytes = None,
    transport: Transport = None,
    last_commits: LastCommits = None,
    streams: Streams = None,
    graphql: GraphQL = None,
    sweep_hours: SweepHours = None,
    content: Content = None,
    comments: Comments = None,
    rate_tier: RateTier = None,
    schedule: Schedule = None,
    as_json: Json = False,
) -> None:
    """Register a source; its first full sync follows at once where `up` runs."""
    settings = load_settings()
    options = _given(
        branch=branch,
        include=include,
        exclude=exclude,
        max_file_bytes=max_file_bytes,
        transport=transport,
        last_commits=last_commits,
        streams=streams,
        graphql=graphql,
        sweep_hours=sweep_hours,
        content=content,
        comments=comments,
        rate_tier=rate_tier,
    )
    with closing(open_stores(settings)) as stores:
        source = sources.register(
            stores.registry, connector, scope, options, schedule, settings=settings
        )
    if as_json:
        print_json(source)
    else:
        print_line(f"Registered {source.source_id}, to be synced at '{source.cron}' (UTC).")
        if streams is None:
            _say_what_is_left_out(source)
    if not is_running(settings.home):
        note(
            "Nothing runs here yet: start `sync-assets up`,"
            f" or sync it once with `sync-assets sync {source.source_id}`."
        )


@app.command("list", epilog=examples("sources list", "sources list --json"))
def list_(*, as_json: Json = False) -> None:
    """List the registered sources."""
    with closing(open_stores(load_settings())) as stores:
        found = stores.registry.all()
    if as_json:
        print_json(found)
    elif found:
        print_table(
            ("source", "status", "schedule", "last sync", "last success", "last error"),
            [
                (
                    each.source_id,
                    each.status,
                    each.cron,
                    each.last_sync_at,
                    each.last_success_at,
                    each.last_error,
                )
                for each in found
            ],
        )
    else:
        note("No sources yet. Register one: sync-assets sources add github OWNER/NAME")


@app.command("show", epilog=examples("sources show github:owner/name"))
def show(source: SourceId, *, as_json: Json = False) -> None:
    """Show everything that is known of one source."""
    with closing(open_stores(load_settings())) as stores:
        _print(stores.registry.get(source), as_json=as_json)


@app.command(
    "check", epilog=examples("sources check github:owner/name", "sources check slack:C0123 --json")
)
def check(source: SourceId, *, as_json: Json = False) -> None:
    """Try what syncing the source takes, and say what to grant where something is refused.

    Reads only. Exit code 1 where anything is refused or could not be tried.
    """
    from sync_assets.access import check_access

    with closing(open_stores(load_settings())) as stores:
        found = list(check_access(stores, source))
    if as_json:
        print_json(found)
    else:
        said = {True: "ok", False: "refused", None: "not tried"}
        print_table(
            ("what", "outcome", "seen", "grant"),
            [(each.name, said[each.passed], each.saw, each.needs) for each in found],
        )
    if not all(each.passed for each in found):
        raise typer.Exit(FAILED)


@app.command(
    "edit",
    epilog=examples(
        "sources edit github:owner/name --schedule '*/5 * * * *'",
        "sources edit github:owner/name --branch release --exclude 'vendor/**'",
        "sources edit github:owner/name --transport graphql",
        "sources edit github:owner/name --stream files --stream issues",
        "sources edit github:owner/name --reset branch --reset exclude",
    ),
)
def edit(
    source: SourceId,
    *,
    scope: Annotated[str | None, typer.Option(help="Its new place, after a rename.")] = None,
    branch: Branch = None,
    include: Include = None,
    exclude: Exclude = None,
    max_file_bytes: MaxFileBytes = None,
    transport: Transport = None,
    last_commits: LastCommits = None,
    streams: Streams = None,
    graphql: GraphQL = None,
    sweep_hours: SweepHours = None,
    content: Content = None,
    comments: Comments = None,
    rate_tier: RateTier = None,
    schedule: Schedule = None,
    reset: Annotated[
        list[str] | None,
        typer.Option(metavar="SETTING", help="Back to its default, such as branch (repeatable)."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Change what is given and keep the rest; the next sync brings the index after it. A stream
    that is not named any more is taken out of the index at once.
    """
    from sync_assets.sync.removal import remove_left_out

    options = _given(
        branch=branch,
        include=include,
        exclude=exclude,
        max_file_bytes=max_file_bytes,
        transport=transport,
        last_commits=last_commits,
        streams=streams,
        graphql=graphql,
        sweep_hours=sweep_hours,
        content=content,
        comments=comments,
        rate_tier=rate_tier,
    )
    with closing(open_stores(load_settings())) as stores:
        changed = sources.edit(
            stores.registry, source, scope=scope, options=options, reset=reset or (), cron=schedule
        )
        try:
            gone = remove_left_out(stores, changed, connector_named(changed.connector))
        except LeaseHeld:
            gone = []
            note("A sync of it runs: the next one takes out what is left out now.")
    _print(changed, as_json=as_json)
    if gone:
        note(f"Its {' and '.join(gone)} are taken out of the index.")


@app.command("pause", epilog=examples("sources pause github:owner/name"))
def pause(source: SourceId, *, as_json: Json = False) -> None:
    """Stop syncing a source; what is indexed stays searchable."""
    with closing(open_stores(load_settings())) as stores:
        _print(sources.pause(stores.registry, source), as_json=as_json)


@app.command("resume", epilog=examples("sources resume github:owner/name"))
def resume(source: SourceId, *, as_json: Json = False) -> None:
    """Sync a source again that was paused, or that failed too often."""
    with closing(open_stores(load_settings())) as stores:
        _print(sources.resume(stores.registry, source), as_json=as_json)


@app.command("backfill", epilog=examples("sources backfill github:owner/name", "sources backfill"))
def backfill(source: OptionalSourceId = None, *, as_json: Json = False) -> None:
    """Ask for full syncs: Dagster runs them as one batch, behind all schedules."""
    settings = load_settings()
    with closing(open_stores(settings)) as stores:
        asked = sources.backfill(stores.registry, source)
    if as_json:
        print_json(asked)
    else:
        print_line(f"Asked for {len(asked)} full sync{'' if len(asked) == 1 else 's'}.")
    if asked and not is_running(settings.home):
        note("Nothing runs here yet: they wait until `sync-assets up` does.")


@app.command("remove", epilog=examples("sources remove github:owner/name"))
def remove(source: SourceId, *, as_json: Json = False) -> None:
    """Forget a source and take all of its documents out of the index."""
    from sync_assets.sync.removal import remove_source

    with closing(open_stores(load_settings())) as stores:
        leaving = sources.remove(stores.registry, source)
        remove_source(stores, leaving, connector_named(leaving.connector))
    _print(leaving, as_json=as_json)
    note(f"{source} is removed, and its documents with it.")


def _given(**options: str | int | list[str] | None) -> dict[str, JsonValue]:
    """The options that were given; the connector's settings say whether it knows them."""
    return {
        name: [*value] if isinstance(value, list) else value
        for name, value in options.items()
        if value is not None
    }


def _say_what_is_left_out(source: Source) -> None:
    vendor = connector_named(source.connector)
    synced = [stream.name for stream in vendor.streams_of(source)]
    left_out = [stream.name for stream in vendor.streams if stream.name not in synced]
    if left_out:
        every = " ".join(f"--stream {stream.name}" for stream in vendor.streams)
        note(
            f"It syncs {', '.join(synced)}; for {' and '.join(left_out)}, which need a token:"
            f" `sync-assets sources edit {source.source_id} {every}`."
        )


def _print(source: Source, *, as_json: bool) -> None:
    if as_json:
        print_json(source)
        return
    shown = source.model_dump(exclude={"settings"}) | source.settings
    print_table(("what", "value"), list(shown.items()))
