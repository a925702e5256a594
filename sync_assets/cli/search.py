"""`sync-assets search`: hits with their link, version and freshness."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Annotated, Literal

import typer

from sync_assets.cli.options import Json
from sync_assets.cli.output import ago, examples, note, print_json, print_line, printable
from sync_assets.connectors.catalog import connector_named
from sync_assets.hits import Hit, LinkedDocument, SearchAnswer
from sync_assets.index.predicates import Filter
from sync_assets.search import search as run_search
from sync_assets.settings import load_settings
from sync_assets.stores import open_stores

EXAMPLES = examples(
    'search "how are refunds calculated"',
    "search total_price --mode text --limit 3",
    'search "why are refunds late" --follow',
    'search "retry a webhook" --source github:owner/name --path "src/**" --json',
)
_VERSION_WIDTH = 15  # a file's mode and eight digits of its blob id
HOPS = 3
"""From a deployment by its pull request and its ticket to the thread where it began."""
_SNIPPET_LINES = 5
_SNIPPET_WIDTH = 110
_WORDS_OF_STALE = {"true": "stale", "false": "fresh", "unknown": "freshness unknown"}


def search(
    query: Annotated[str, typer.Argument(help="Words, an identifier, or a question.")],
    *,
    mode: Annotated[
        Literal["hybrid", "vector", "text"],
        typer.Option(help="By meaning and words, by meaning, or by words."),
    ] = "hybrid",
    limit: Annotated[int, typer.Option(min=1, max=100, help="The most hits to print.")] = 10,
    connector: Annotated[str | None, typer.Option(help="Only this connector.")] = None,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    stream: Annotated[str | None, typer.Option(help="Only this stream, such as files.")] = None,
    path: Annotated[str | None, typer.Option(help="Only paths that match this glob.")] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Also what each hit is linked with, three links far.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Search everything that is indexed; each hit says how fresh it is."""
    with closing(open_stores(load_settings())) as stores:
        if connector is not None:
            connector_named(connector)
        if source is not None:
            stores.registry.get(source)
        only = Filter(
            connector=connector,
            source_ids=None if source is None else [source],
            stream=stream,
            path=path,
        )
        answer = run_search(stores, query, mode=mode, limit=limit, only=only, hops=HOPS * follow)
        now = stores.clock()
    if as_json:
        print_json(answer)
        return
    print_answer(answer, now)
    if not answer.hits:
        note("Nothing found. `sync-assets status` shows what is indexed.")


def print_answer(answer: SearchAnswer, now: datetime, *, snippets: bool = True) -> None:
    """The hits for a person, best first; `now` is what "3 s ago" counts from."""
    for number, hit in enumerate(answer.hits, start=1):
        lines = f":{hit.start_line}-{hit.end_line}"
        symbol = f"  {hit.symbol}" if hit.symbol else ""
        print_line(
            printable(f"{number}. {hit.path or hit.title}{lines}{symbol}  ({hit.score:.2f})"),
            style="bold",
        )
        print_line(f"   {printable(hit.url)}", style="cyan")
        print_line(f"   {freshness(hit, now)}", style="green" if hit.stale == "false" else "yellow")
        if snippets:
            _print_snippet(hit.text)
        for linked in _as_a_tree(hit):
            print_line(f"   {'  ' * (linked.hop - 1)}{_way(linked)}  {printable(linked.title)}")
            print_line(f"   {'  ' * linked.hop}{printable(linked.url)}", style="cyan")


def _as_a_tree(hit: Hit) -> Iterator[LinkedDocument]:
    """What is linked, each below the document that it was found from."""
    below: dict[str, list[LinkedDocument]] = {}
    for linked in hit.linked:
        below.setdefault(linked.via, []).append(linked)

    def under(document_id: str) -> Iterator[LinkedDocument]:
        for linked in below.get(document_id, ()):
            yield linked
            yield from under(linked.document_id)

    return under(hit.document_id)


def _way(linked: LinkedDocument) -> str:
    """How a linked document was come to: `-> closes`, `<- mentions`."""
    return f"{'->' if linked.direction == 'to' else '<-'} {linked.kind}"


def freshness(hit: Hit, now: datetime) -> str:
    """One line: version, when it was indexed and last verified, and the verdict."""
    because = f": {printable(hit.stale_because)}" if hit.stale_because else ""
    return (
        f"version {printable(hit.version)[:_VERSION_WIDTH]}, indexed {ago(hit.indexed_at, now)},"
        f" verified {ago(hit.verified_at, now)}, {_WORDS_OF_STALE[hit.stale]}{because}"
    )


def _print_snippet(text: str) -> None:
    lines = text.rstrip().splitlines()
    for line in lines[:_SNIPPET_LINES]:
        print_line(f"   | {printable(line.expandtabs(4))[:_SNIPPET_WIDTH]}", style="dim")
    if len(lines) > _SNIPPET_LINES:
        print_line(f"   | ... {len(lines) - _SNIPPET_LINES} more lines", style="dim")
