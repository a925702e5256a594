"""The tables' columns as the UI shows them; a test holds them equal to the index's schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import dagster as dg


@dataclass(frozen=True, slots=True)
class IndexTable:
    """A table of the index; `columns` say what each holds."""

    name: str
    columns: Mapping[str, str]

    def described(self) -> Mapping[str, Any]:
        """Definition metadata of an asset whose rows lie in this table."""
        schema = [dg.TableColumn(column, description=text) for column, text in self.columns.items()]
        return {
            "dagster/column_schema": dg.TableSchema(schema),
            "dagster/table_name": self.name,
        }


LISTINGS: Final = IndexTable(
    "listings",
    {
        "document_id": "32 hex digits, stable for as long as the vendor's id is",
        "source_id": "`connector:scope` as registered",
        "stream": "kind of document",
        "key": "the readable id: for a file its path",
        "version": "changes exactly when the content does",
        "status": "`searchable` or `skipped`",
        "reason": "why it is skipped",
        "size": "bytes, where known",
    },
)
DOCUMENTS: Final = IndexTable(
    "documents",
    {
        "document_id": "32 hex digits, stable for as long as the vendor's id is",
        "source_id": "`connector:scope` as registered",
        "stream": "kind of document",
        "key": "the readable id: for a file its path",
        "path": "of a file",
        "title": "what a person calls it",
        "url": "link at this version",
        "author": "who wrote it",
        "created_at": "at the source, UTC",
        "updated_at": "at the source, UTC",
        "version": "changes exactly when the content does",
        "content_hash": "of the text",
        "text": "the full text, secrets redacted",
        "metadata": "JSON",
        "redaction": "version of the redaction rules",
        "secrets": "how many were redacted",
        "stored_at": "UTC",
    },
)
LINKS: Final = IndexTable(
    "links",
    {
        "link_id": "32 hex digits over document, kind and target",
        "document_id": "of the document that names the target",
        "source_id": "`connector:scope` as registered",
        "stream": "kind of document",
        "scope": "of the source: every search filters by it",
        "kind": "`is` (a name of its own), `closes`, `mentions`, `touches`, `contains`, `runs`",
        "target": "in one spelling: `github:owner/name#12`, `commit:...`, `ticket:ENG-42`, a URL",
    },
)
CHUNKS: Final = IndexTable(
    "chunks",
    {
        "chunk_id": "32 hex digits: an unchanged chunk keeps its id wherever it moves",
        "document_id": "of the document that it is a span of",
        "document_version": "of that document",
        "document_hash": "of that document's text",
        "chunker": "version of the chunker and of the rules for links",
        "connector": "vendor",
        "source_id": "`connector:scope` as registered",
        "scope": "of the source: every search filters by it",
        "stream": "kind of document",
        "position": "within its document, from 0",
        "start_line": "1-based, inclusive",
        "end_line": "1-based, inclusive",
        "start_char": "code points, inclusive",
        "end_char": "code points, exclusive",
        "text": "exactly the document's text of that span: what is embedded",
        "search_text": "what full text search reads: header and text",
        "content_hash": "of the text: unchanged text is not embedded again",
        "symbol": "function or class, where there is one",
        "vector": "L2-normalised",
        "title": "of the document",
        "path": "of the document",
        "url": "link to these lines at this version",
        "author": "of the document",
        "created_at": "of the document, UTC",
        "updated_at": "of the document, UTC",
        "indexed_at": "UTC",
    },
)
