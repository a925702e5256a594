"""What a command prints: answers to standard output, notes and progress to standard error.

An answer is JSON (one value), a rich table on a terminal, or tab-separated text in a pipe.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sync_assets.models import Answer

_WIDEST_HEADER = 12
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def print_json(value: Answer | Sequence[Answer]) -> None:
    """One JSON value: an object for one answer, an array for several."""
    data = (
        value.model_dump(mode="json")
        if isinstance(value, Answer)
        else [answer.model_dump(mode="json") for answer in value]
    )
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """One row an answer. In a pipe: a header and tab-separated cells, nothing cut or wrapped."""
    cells = [[cell(value) for value in row] for row in rows]
    console = Console()
    if not console.is_terminal:
        sys.stdout.writelines("\t".join(line) + "\n" for line in (columns, *cells))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold", min_width=min(len(name), _WIDEST_HEADER))
    for line in cells:
        table.add_row(*line)
    console.print(table, markup=False)


def print_line(text: str = "", style: str | None = None) -> None:
    """One line of an answer, never wrapped; styled on a terminal only."""
    Console().print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def note(text: str, style: str | None = None) -> None:
    """A remark beside the answer, on standard error."""
    Console(stderr=True).print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def cell(value: object) -> str:
    """A value as a table shows it; control characters of foreign text never reach a terminal."""
    if value is None or value == "":
        return "-"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return cell(", ".join(str(each) for each in cast("Sequence[object]", value)))
    return printable(str(value))


def printable(text: str) -> str:
    """The text without control characters: a file name or a chunk may hold terminal escapes."""
    return "".join(char if char.isprintable() else " " for char in text)


def ago(moment: datetime | None, now: datetime) -> str:
    """How long before `now` (both aware), in the largest whole unit: `3 s ago`; None: `never`."""
    if moment is None:
        return "never"
    seconds = max((now - moment) // timedelta(seconds=1), 0)
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def examples(*lines: str) -> str:
    """The end of a command's help: how it is called."""
    return "\n".join(["Examples:", *(escape(f"  sync-assets {line}") for line in lines)])
