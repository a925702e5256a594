"""Writing the index: documents, chunks, listings; each call is one commit, or none."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sync_assets.index.arrow import Vectors, column
from sync_assets.index.commit import Check, Table
from sync_assets.index.open import Index
from sync_assets.index.predicates import both, equals, of_stream, one_of
from sync_assets.index.rows import (
    ChunkedDocument,
    DocumentRow,
    ListingRow,
    chunk_table,
    differing,
    document_table,
    link_table,
    listing_table,
    without_repeats,
)
from sync_assets.index.schema import TABLES, TableName, key_column, table_schema
from sync_assets.models import Source

if TYPE_CHECKING:
    import pyarrow as pa


class IndexWriter:
    """Writes of one process. `check` (the lease) runs immediately before every commit.

    Errors of every method: StoreUnavailable, NewerSchema, FingerprintMismatch, what `check`
    raises, and UnexpectedPayload where one batch holds two different rows of one key.
    """

    def __init__(
        self,
        uri: str,
        *,
        owner: str,
        fingerprint: str,
        dimensions: int,
        check: Check,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.index = Index(uri, owner=owner, fingerprint=fingerprint, dimensions=dimensions)
        self._check = check
        self._clock = clock
        self._tables = {
            name: Table(
                self.index,
                name,
                table_schema(name, owner=owner, fingerprint=fingerprint, dimensions=dimensions),
            )
            for name in TABLES
        }
        self.index.check()

    def write_documents(
        self, source: Source, stream: str, rows: Sequence[DocumentRow], *, redaction: int
    ) -> None:
        """Puts the documents in place of older rows of the same ids."""
        table = document_table(
            self._tables["documents"].schema,
            source.source_id,
            stream,
            rows,
            redaction=redaction,
            stored_at=self._clock(),
        )
        self._put("documents", {row.document.document_id for row in rows}, table)

    def replace_chunks(
        self,
        source: Source,
        stream: str,
        rows: Sequence[ChunkedDocument],
        vectors: Vectors,
        *,
        chunker: int,
    ) -> None:
        """Puts these documents' chunks and links in place of all that is stored of them.

        `vectors` has shape (chunks of all rows, dimensions), in order; `chunker` is the version of
        what made chunks and links. A document without chunks loses those it had. Links are written
        first: chunks that are current prove that the links are.
        """
        table = chunk_table(
            self._tables["chunks"].schema,
            source,
            stream,
            rows,
            vectors,
            chunker=chunker,
            indexed_at=self._clock(),
        )
        links = link_table(self._tables["links"].schema, source, stream, rows)
        ids = {row.document.document_id for row in rows}
        self._put("links", ids, links)
        self._put("chunks", ids, table)

    def delete_documents(self, source_id: str, stream: str, document_ids: Collection[str]) -> None:
        """Takes the documents out of search first, then out of `documents`."""
        ids = set(document_ids)
        if not ids:
            return
        where = both(of_stream(source_id, stream), one_of("document_id", ids))
        for name in ("chunks", "links", "documents"):
            self._tables[name].replace(where, None, self._check, document_ids=ids)

    def write_listing(
        self,
        source_id: str,
        stream: str,
        rows: Sequence[ListingRow],
        *,
        whole: bool = True,
        without: Collection[str] = (),
    ) -> int:
        """Makes the stored listing equal to `rows`, writing only the difference: rows changed.

        Unless it is the `whole`, rows of other documents stay, save those of `without`.
        """
        schema = self._tables["listings"].schema
        wanted = without_repeats(listing_table(schema, source_id, stream, rows), "document_id")
        dataset = self.index.open("listings")
        stored = schema.empty_table()
        if dataset is not None:
            with self.index.errors():
                stored = dataset.to_table(filter=of_stream(source_id, stream))
        changed, gone = differing(wanted, stored, "document_id")
        if not whole:
            gone &= set(without)
        ids = gone.union(column(changed, "document_id"))
        if ids:
            self._put("listings", ids, changed)
        return len(ids)

    def note_listed(self, source_id: str, stream: str, rows: Sequence[ListingRow]) -> None:
        """Puts these rows in place of older ones of the same ids, and leaves all others."""
        table = listing_table(self._tables["listings"].schema, source_id, stream, rows)
        self._put("listings", {row.document_id for row in rows}, table)

    def remove_source(self, source_id: str) -> None:
        """Takes out all rows of a source, of every stream: chunks first."""
        for name in TABLES:
            self._tables[name].replace(equals("source_id", source_id), None, self._check)

    def remove_stream(self, source_id: str, stream: str) -> None:
        """Takes out all rows of one stream: chunks first."""
        for name in TABLES:
            self._tables[name].replace(of_stream(source_id, stream), None, self._check)

    def _put(self, name: TableName, document_ids: Collection[str], table: "pa.Table") -> None:
        self._tables[name].replace(
            one_of("document_id", document_ids),
            without_repeats(table, key_column(name)),
            self._check,
            document_ids=document_ids,
        )
