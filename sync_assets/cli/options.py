"""Arguments and options that several commands share."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value on standard output.")]

SourceId = Annotated[
    str, typer.Argument(metavar="SOURCE", help="A source id, such as github:owner/name.")
]
OptionalSourceId = Annotated[
    str | None, typer.Argument(metavar="[SOURCE]", help="A source id; without one: every source.")
]

Branch = Annotated[
    str | None, typer.Option(help="A branch other than the default one.", show_default=False)
]
Include = Annotated[
    list[str] | None,
    typer.Option(metavar="PATTERN", help="Only these files (gitignore pattern; repeatable)."),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(metavar="PATTERN", help="Not these files (gitignore pattern; repeatable)."),
]
MaxFileBytes = Annotated[
    int | None, typer.Option(help="Larger files are listed, not searched.", show_default=False)
]
Transport = Annotated[
    str | None,
    typer.Option(
        help="github: how files come: git, graphql, raw, blobs, contents or tarball.",
        show_default=False,
    ),
]
LastCommits = Annotated[
    bool | None,
    typer.Option(
        "--last-commits/--no-last-commits",
        help="github: ask who changed each file last.",
        show_default=False,
    ),
]
Streams = Annotated[
    list[str] | None,
    typer.Option(
        "--stream",
        metavar="NAME",
        help="github: only this: files, pull_requests or issues (repeatable). Default: all with a"
        " token, else files.",
    ),
]
GraphQL = Annotated[
    bool | None,
    typer.Option(
        "--graphql/--no-graphql",
        help="github: read pull requests and issues by GraphQL, or by REST.",
        show_default=False,
    ),
]
SweepHours = Annotated[
    int | None,
    typer.Option(
        help="github: how often all pull requests and issues are counted.", show_default=False
    ),
]
Content = Annotated[
    str | None,
    typer.Option(help="notion: how pages are read: as markdown, or by blocks.", show_default=False),
]
Comments = Annotated[
    bool | None,
    typer.Option(
        "--comments/--no-comments",
        help="notion: comments too, one more call a page.",
        show_default=False,
    ),
]
RateTier = Annotated[
    str | None,
    typer.Option(
        help="slack: how the app is limited: internal, or distributed outside of the Marketplace.",
        show_default=False,
    ),
]
Schedule = Annotated[
    str | None,
    typer.Option(metavar="CRON", help="When to sync, in UTC: five cron fields in quotes."),
]
