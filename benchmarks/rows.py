"""The rows of an index as they stand in LanceDB, read past all our code."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_REDACTED = re.compile(r"\[REDACTED:[^\]\n]+\]\n*")


def rows_by_document(index: Path) -> dict[str, str]:
    """Document id -> a digest of its document row and of all its chunk rows, times included."""
    states: dict[str, list[bytes]] = defaultdict(list)
    for name in ("documents", "chunks"):
        table = _arrow(index, name)
        vectors = b""
        if "vector" in table.column_names:
            flat = table["vector"].combine_chunks().flatten()
            vectors = flat.to_numpy(zero_copy_only=False).tobytes()
            table = table.drop_columns(["vector"])
        width = len(vectors) // max(1, table.num_rows)
        for number, row in enumerate(table.to_pylist()):
            vector = vectors[number * width : (number + 1) * width]
            states[row["document_id"]].append(repr(row).encode() + vector)
    return {
        document: hashlib.blake2b(b"".join(sorted(rows)), digest_size=16).hexdigest()
        for document, rows in states.items()
    }


def document_ids(index: Path) -> dict[str, str]:
    """Path -> document id."""
    table = _arrow(index, "documents", ["path", "document_id"])
    return {row["path"]: row["document_id"] for row in table.to_pylist()}


def chunk_texts(index: Path) -> set[str]:
    """The distinct texts of the chunks."""
    return set(_arrow(index, "chunks", ["text"])["text"].to_pylist())


def with_redactions(
    index: Path, files: Mapping[str, tuple[str, str]]
) -> dict[str, tuple[str, str]]:
    """`files` (path -> version and text), with the stored text where secrets were taken out of it.

    What stands around each replacement must be git's text to the letter, else git's is kept.
    """
    expected = dict(files)
    for row in _arrow(index, "documents", ["path", "text", "secrets"]).to_pylist():
        if row["secrets"] and row["path"] in files:
            version, text = files[row["path"]]
            around = ".+?".join(re.escape(part) for part in _REDACTED.split(row["text"]))
            if re.fullmatch(around, text, flags=re.DOTALL):
                expected[row["path"]] = (version, row["text"])
    return expected


def _arrow(index: Path, name: str, columns: list[str] | None = None) -> Any:  # noqa: ANN401 - pyarrow is untyped here
    import lancedb

    table = lancedb.connect(str(index)).open_table(name)
    if columns is None:
        return table.to_arrow()
    return table.search().select(columns).limit(table.count_rows()).to_arrow()
