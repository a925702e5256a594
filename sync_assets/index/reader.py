"""Reading the index: what is stored, for the engine; candidates, for search; all rows, for verify.

Every call sees the newest commit. A table that was never written reads as empty.
"""

import json
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from sync_assets.errors import FingerprintMismatch
from sync_assets.index.arrow import Vectors, column, dimensions, tuples, vectors
from sync_assets.index.open import Index
from sync_assets.index.predicates import both, instant, of_stream, one_of, starts_with
from sync_assets.index.schema import FINGERPRINT, TABLES, TableName, table_schema
from sync_assets.models import Document, LinkKind

if TYPE_CHECKING:
    import pyarrow as pa
    from lance import LanceDataset

HIT_COLUMNS = (
    "chunk_id", "document_id", "document_version", "connector", "source_id", "scope", "stream",
    "position", "start_line", "end_line", "text", "content_hash", "symbol", "title", "path", "url",
    "author", "created_at", "updated_at", "indexed_at",
)  # fmt: skip
SCAN_ROWS: Mapping[TableName, int] = {
    "chunks": 1024,
    "documents": 64,
    "links": 8192,
    "listings": 8192,
}
"""Rows of a batch: Lance reads some batches ahead, and a document may be a megabyte."""

COMMIT = "commit:"
SHORTEST_COMMIT, WHOLE_COMMIT = len(COMMIT) + 7, len(COMMIT) + 40


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A row of `documents`; `copies` above one is damage, mended by writing it again."""

    version: str
    content_hash: str
    redaction: int
    copies: int = 1


@dataclass(frozen=True, slots=True)
class StoredChunks:
    """All chunk rows of one document. One whole set has as many rows (`count`) as chunk ids
    (`distinct`), and one version, hash, chunker and scope; else it is `torn`, and these are one of
    several.
    """

    version: str
    content_hash: str
    chunker: int
    scope: str
    count: int
    distinct: int
    torn: bool = False


@dataclass(frozen=True, slots=True)
class StoredListing:
    """A row of `listings`."""

    version: str
    status: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class StoredLink:
    """A row of `links`."""

    document_id: str
    source_id: str
    kind: LinkKind
    target: str


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """A row of `documents`, without what is long."""

    source_id: str
    stream: str
    key: str
    path: str | None
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class StoredNews:
    """A row of `documents` without its text; ordered by when it was stored, then by id."""

    stored_at: datetime
    document_id: str
    version: str
    title: str
    url: str
    metadata: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class StreamRows:
    """How many rows of one source's stream each table holds."""

    chunks: int = 0
    links: int = 0
    documents: int = 0
    listings: int = 0


@dataclass(frozen=True, slots=True)
class Candidates:
    """Chunks found by meaning (`_distance`: 1 - cosine, ascending) and by words (`_score`: BM25,
    descending), both from one commit; ties stand in the order of chunk ids. Columns: HIT_COLUMNS.
    """

    nearest: "pa.Table"
    matching: "pa.Table"


class IndexReader:
    """Reads of one process; thread-safe. What is given is checked (see `Index`)."""

    def __init__(
        self, uri: str, *, owner: str | None = None, fingerprint: str | None = None
    ) -> None:
        self.index = Index(uri, owner=owner, fingerprint=fingerprint)

    def documents_stored(self, source_id: str, stream: str) -> Mapping[str, StoredDocument]:
        """By document id."""
        columns = ["document_id", "version", "content_hash", "redaction"]
        found: dict[str, StoredDocument] = {}
        for key, *values in tuples(self._table("documents", columns, of_stream(source_id, stream))):
            copies = found[key].copies + 1 if key in found else 1
            found[key] = StoredDocument(*values, copies=copies)
        return found

    def chunks_stored(self, source_id: str, stream: str) -> Mapping[str, StoredChunks]:
        """By document id: enough to see torn, duplicate and stale ones."""
        group = ["document_id", "document_version", "document_hash", "chunker", "scope"]
        table = self._table("chunks", [*group, "chunk_id"], of_stream(source_id, stream))
        counted = table.group_by(group).aggregate(
            [("chunk_id", "count"), ("chunk_id", "count_distinct")]
        )
        names = [*group, "chunk_id_count", "chunk_id_count_distinct"]
        found: dict[str, StoredChunks] = {}
        for key, *values in tuples(counted.select(names)):
            whole = StoredChunks(*values)
            found[key] = _torn(found[key], whole) if key in found else whole
        return found

    def listing_stored(self, source_id: str, stream: str) -> Mapping[str, StoredListing]:
        """By document id."""
        columns = ["document_id", "version", "status", "reason"]
        rows = tuples(self._table("listings", columns, of_stream(source_id, stream)))
        return {key: StoredListing(*values) for key, *values in rows}

    def links_from(self, document_ids: Collection[str]) -> list[StoredLink]:
        """All links of these documents, their own names among them."""
        return self._links(one_of("document_id", set(document_ids)))

    def links_to(self, targets: Collection[str]) -> list[StoredLink]:
        """All links with these targets; an abbreviated commit is also the one that it begins.

        Those of kind `is` are of the documents so named.
        """
        wanted = set(targets)
        short = [each for each in wanted if each.startswith(COMMIT) and len(each) < WHOLE_COMMIT]
        begun = {
            each[:length]
            for each in wanted
            if len(each) == WHOLE_COMMIT and each.startswith(COMMIT)
            for length in range(SHORTEST_COMMIT, WHOLE_COMMIT)
        }
        terms = [one_of("target", wanted | begun), *(starts_with("target", each) for each in short)]
        return self._links(" OR ".join(terms)) if wanted else []

    def files_named(self, paths: Collection[str]) -> list[tuple[str, str, str]]:
        """(document id, source id, path) of the documents that have one of these paths."""
        columns = ["document_id", "source_id", "path"]
        return tuples(self._table("documents", columns, one_of("path", set(paths))))

    def facts(self, document_ids: Collection[str]) -> dict[str, DocumentFacts]:
        """By document id, of those that are stored: what a person is shown of a document."""
        columns = ["document_id", "source_id", "stream", "key", "path", "title", "url"]
        table = self._table("documents", columns, one_of("document_id", set(document_ids)))
        return {key: DocumentFacts(*values) for key, *values in tuples(table)}

    def documents(
        self, document_ids: Collection[str], most: int = sys.maxsize
    ) -> Iterator[list[Document]]:
        """The documents with their texts, in no order, at most so many at once; all as of the
        newest commit when the first are read. Unknown ids are left out.
        """
        columns = [
            "document_id", "key", "version", "title", "url", "text", "path", "author",
            "created_at", "updated_at", "metadata",
        ]  # fmt: skip
        dataset = self.index.open("documents")
        if dataset is None or not document_ids:
            return
        addresses = self._addresses(dataset, set(document_ids))
        for start in range(0, len(addresses), most):
            where = f"_rowaddr IN ({', '.join(map(str, addresses[start : start + most]))})"
            with self.index.errors():
                table = dataset.scanner(columns=columns, filter=where).to_table()
            yield [
                Document(key, *values, metadata=json.loads(metadata))
                for key, *values, metadata in tuples(table)
            ]

    def _addresses(self, dataset: "LanceDataset", document_ids: Collection[str]) -> list[int]:
        """Where one row of each document lies. One search of the table finds many: a search for
        each few of them takes as long as reading these.
        """
        where = one_of("document_id", document_ids)
        with self.index.errors():
            scan = dataset.scanner(["document_id"], filter=where, with_row_address=True)
            return sorted(dict(tuples(scan.to_table())).values())

    def stored_since(
        self, source_id: str, stream: str, moment: datetime | None
    ) -> list[StoredNews]:
        """The stream's documents that were stored at that moment or later, in their order."""
        columns = ["stored_at", "document_id", "version", "title", "url", "metadata"]
        terms = [] if moment is None else [f"stored_at >= {instant(moment)}"]
        table = self._table("documents", columns, both(of_stream(source_id, stream), *terms))
        found = [
            StoredNews(*facts, metadata=json.loads(metadata)) for *facts, metadata in tuples(table)
        ]
        return sorted(found, key=lambda each: (each.stored_at, each.document_id))

    def keys(self, document_ids: Collection[str]) -> dict[str, str]:
        """Document id -> readable key, of those that are stored."""
        return self._one("documents", "key", document_ids)

    def versions(self, document_ids: Collection[str]) -> dict[str, str]:
        """Document id -> version, of those that are stored."""
        return self._one("documents", "version", document_ids)

    def vectors_of(self, document_ids: Collection[str]) -> dict[str, Vectors]:
        """Content hash -> vector, of all chunks of these documents."""
        if not document_ids:
            return {}
        columns = ["content_hash", "vector"]
        table = self._table("chunks", columns, one_of("document_id", set(document_ids)))
        return dict(zip(column(table, "content_hash"), vectors(table), strict=True))

    def search(
        self,
        *,
        vector: Vectors | None = None,
        text: str | None = None,
        where: str | None = None,
        limit: int,
    ) -> Candidates:
        """The best `limit` chunks by a vector, by words, or both; `where`: predicates.where."""
        dataset = self.index.open("chunks")
        with self.index.errors():
            return Candidates(
                nearest=_nearest(dataset, vector, where, limit),
                matching=_matching(dataset, text, where, limit),
            )

    def is_present(self) -> bool:
        """Whether documents were ever written here: by a look at the folder, without opening it.

        An object store is taken at its word, for a look would cost a request at every poll.
        """
        uri = self.index.table_uri("documents")
        return "://" in uri or Path(uri).is_dir()

    def dimensions(self) -> int | None:
        """The length of the stored vectors; None before the first chunk."""
        dataset = self.index.open("chunks")
        return None if dataset is None else dimensions(dataset.schema)

    def fingerprint(self) -> str | None:
        """The model whose vectors are stored; None before the first chunk."""
        dataset = self.index.open("chunks")
        if dataset is None:
            return None
        return (dataset.schema.metadata or {})[FINGERPRINT.encode()].decode()

    def counts(self) -> Mapping[tuple[str, str], StreamRows]:
        """Rows by (source id, stream), of every stream that has any."""
        found: dict[tuple[str, str], dict[str, int]] = {}
        key = ["source_id", "stream"]
        for name in TABLES:
            grouped = self._table(name, key, None).group_by(key).aggregate([([], "count_all")])
            for source_id, stream, count in tuples(grouped.select([*key, "count_all"])):
                found.setdefault((source_id, stream), {})[name] = count
        return {stream: StreamRows(**rows) for stream, rows in found.items()}

    def batches(
        self,
        name: TableName,
        source_id: str,
        stream: str,
        columns: Collection[str] | None = None,
    ) -> "Iterator[pa.RecordBatch]":
        """All rows of a stream, all columns unless named, in bounded batches, from one commit."""
        dataset = self.index.open(name)
        if dataset is None:
            return
        with self.index.errors():
            yield from dataset.scanner(
                columns=list(columns) if columns else None,
                filter=of_stream(source_id, stream),
                batch_size=SCAN_ROWS[name],
            ).to_batches()

    def _links(self, where: str) -> list[StoredLink]:
        columns = ["document_id", "source_id", "kind", "target"]
        return [StoredLink(*values) for values in tuples(self._table("links", columns, where))]

    def _one(self, name: TableName, what: str, document_ids: Collection[str]) -> dict[str, str]:
        where = one_of("document_id", set(document_ids))
        return dict(tuples(self._table(name, ["document_id", what], where)))

    def _table(self, name: TableName, columns: list[str], where: str | None) -> "pa.Table":
        dataset = self.index.open(name)
        if dataset is None:
            return _empty(name, columns)
        with self.index.errors():
            return dataset.scanner(columns=columns, filter=where).to_table()


def _nearest(
    dataset: "LanceDataset | None",
    vector: Vectors | None,
    where: str | None,
    limit: int,
) -> "pa.Table":
    if dataset is None or vector is None:
        return _none_found("_distance")
    stored = dimensions(dataset.schema)
    if vector.shape != (stored,):
        raise FingerprintMismatch(
            f"The query has {vector.size} dimensions, the index {stored}: "
            "search with the model that the index was built with"
        )
    # Exact. A big table's index (see indexes.py) wants "refine_factor" here. "dot" ranks as cosine
    # does, for vectors are normalised.
    found = dataset.scanner(
        columns=[*HIT_COLUMNS, "_distance"],
        nearest={"column": "vector", "q": vector, "k": limit, "metric": "dot"},
        filter=where,
        prefilter=True,
    ).to_table()
    return found.sort_by([("_distance", "ascending"), ("chunk_id", "ascending")])


def _matching(
    dataset: "LanceDataset | None", text: str | None, where: str | None, limit: int
) -> "pa.Table":
    from lance.query import MatchQuery

    if dataset is None or text is None:
        return _none_found("_score")
    found = dataset.scanner(
        columns=[*HIT_COLUMNS, "_score"],
        full_text_query=MatchQuery(text, "search_text"),
        filter=where,
        prefilter=True,
        limit=limit,
    ).to_table()
    return found.sort_by([("_score", "descending"), ("chunk_id", "ascending")])


def _none_found(score: str) -> "pa.Table":
    import pyarrow as pa

    empty = _empty("chunks", list(HIT_COLUMNS))
    return empty.append_column(score, pa.array([], pa.float32()))


def _empty(name: TableName, columns: list[str]) -> "pa.Table":
    schema = table_schema(name, owner="", fingerprint="", dimensions=1)
    return schema.empty_table().select(columns)


def _torn(one: StoredChunks, other: StoredChunks) -> StoredChunks:
    count, distinct = one.count + other.count, one.distinct + other.distinct
    return replace(one, count=count, distinct=distinct, torn=True)
