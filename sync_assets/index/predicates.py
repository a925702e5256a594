"""Pure: filters as Lance predicates. Values stand in single quotes, apostrophes doubled."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Filter:
    """What a search is limited to; None, or an absent bound, does not limit.

    `path` is a glob read as a line of .gitignore: `*` and `?` stop at `/`, `**` does not; a pattern
    without a slash matches at any depth, and a folder takes in all below it; every other
    character stands for itself. `updated_from`
    is inclusive, `updated_until` exclusive, both aware. `without`: source ids, each with a stream.
    """

    connector: str | None = None
    source_ids: Collection[str] | None = None
    stream: str | None = None
    path: str | None = None
    author: str | None = None
    scopes: Collection[str] | None = None
    updated_from: datetime | None = None
    updated_until: datetime | None = None
    without: Collection[tuple[str, str]] = ()


def where(wanted: Filter) -> str | None:
    """The predicate over `chunks`; None where nothing is limited."""
    terms: list[str] = []
    for column in ("connector", "stream", "author"):
        value = getattr(wanted, column)
        if value is not None:
            terms.append(equals(column, value))
    if wanted.source_ids is not None:
        terms.append(one_of("source_id", wanted.source_ids))
    if wanted.scopes is not None:
        terms.append(one_of("scope", wanted.scopes))
    if wanted.path is not None:
        terms.append(f"regexp_like(path, {quoted(glob_pattern(wanted.path))})")
    if wanted.updated_from is not None:
        terms.append(f"updated_at >= {instant(wanted.updated_from)}")
    if wanted.updated_until is not None:
        terms.append(f"updated_at < {instant(wanted.updated_until)}")
    terms += [
        f"({differs('source_id', source_id)} OR {differs('stream', stream)})"
        for source_id, stream in wanted.without
    ]
    return both(*terms) if terms else None


def both(*terms: str) -> str:
    """All of the terms."""
    return " AND ".join(terms)


def of_stream(source_id: str, stream: str) -> str:
    """All rows of one stream of a source."""
    return both(equals("source_id", source_id), equals("stream", stream))


def equals(column: str, value: str) -> str:
    """Column = value."""
    return f"{column} = {quoted(value)}"


def differs(column: str, value: str) -> str:
    """Column is not the value; a null is not answered."""
    return f"{column} <> {quoted(value)}"


def one_of(column: str, values: Collection[str]) -> str:
    """Column is one of the values; of no values: never."""
    if not values:
        return "false"
    return f"{column} IN ({', '.join(quoted(value) for value in values)})"


def starts_with(column: str, start: str) -> str:
    """The column begins so."""
    return f"starts_with({column}, {quoted(start)})"


def quoted(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("'", "''") + "'"


def instant(moment: datetime) -> str:
    """A timestamp literal in UTC."""
    return f"timestamp {quoted(moment.astimezone(UTC).isoformat(timespec='microseconds'))}"


def glob_pattern(glob: str) -> str:
    """The regular expression (Rust's syntax) of a glob over whole paths."""
    segments = glob.strip("/").split("/")
    anywhere = "/" not in glob.rstrip("/")
    pattern = "(?:.*/)?" if anywhere else ""
    for segment in segments[:-1]:
        pattern += "(?:.*/)?" if segment == "**" else f"{_segment_pattern(segment)}/"
    pattern += ".+" if segments[-1] == "**" else _segment_pattern(segments[-1])
    below = "/.+" if glob.endswith("/") else "(?:/.*)?"
    return f"(?s)^{pattern}{below}$"


def _segment_pattern(segment: str) -> str:
    pieces = re.split(r"(\*+|\?)", segment)
    return "".join(
        "[^/]*" if piece.startswith("*") else "[^/]" if piece == "?" else re.escape(piece)
        for piece in pieces
    )
