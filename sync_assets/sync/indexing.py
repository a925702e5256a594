"""Documents into chunks, chunks into vectors, both into the index: one commit a group."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sync_assets.chunking.chunk import CHUNKER_VERSION, cut
from sync_assets.connectors.base import Connector
from sync_assets.embedding.base import Vectors
from sync_assets.embedding.cached import embed_texts
from sync_assets.errors import EmbedderFailed
from sync_assets.index.rows import ChunkedDocument
from sync_assets.index.writer import IndexWriter
from sync_assets.links import LINKS_VERSION, links_of
from sync_assets.models import Document, Source
from sync_assets.stores import Stores
from sync_assets.sync.progress import Progress
from sync_assets.sync.upkeep import make_indexes

INDEXED_BY = 1_000 * LINKS_VERSION + CHUNKER_VERSION
"""Stored with each chunk: what made it and, in the same commit or before, its document's links."""
FIRST_DOCUMENTS = 10
"""Full text splits identifiers only through an index: it is made as soon as a few rows stand, while
that costs nothing. Rows that come later are found without being in it; upkeep adds them."""
READ_DOCUMENTS = 50
GROUP_CHUNKS = 4_000
GROUP_SECONDS = 5.0
"""A group is committed when it is large, or when a kill would cost more than a few seconds."""


@dataclass(slots=True)
class ChunkCounts:
    """What was indexed, for the report. Texts are distinct chunk texts of one read; `unparsed`
    names documents that were cut by lines because their syntax was too costly to parse.
    """

    chunks_written: int = 0
    links_written: int = 0
    links_dropped: int = 0
    texts_embedded: int = 0
    texts_kept: int = 0
    texts_cached: int = 0
    texts_split: int = 0
    tokens: int = 0
    unparsed: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class ChunkSink:
    """Chunks and embeds stored documents and replaces their chunks, whole documents a commit.

    Vectors come, in this order, from the rows being replaced, from the cache, from the model.
    """

    stores: Stores
    writer: IndexWriter
    source: Source
    connector: Connector
    stream: str
    progress: Progress
    counts: ChunkCounts = field(default_factory=ChunkCounts)
    _rows: list[ChunkedDocument] = field(default_factory=list[ChunkedDocument])
    _vectors: list[Vectors] = field(default_factory=list[Vectors])
    _chunks: int = 0

    def index(
        self,
        document_ids: Sequence[str],
        *,
        reuse: Collection[str],
        stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Index these stored documents; a reader sees each one whole, old or new. Of those in
        `reuse`, vectors of unchanged texts are taken from the chunks that are stored. False where
        it was told to `stop` before the last.
        """
        began = time.monotonic()
        done = 0
        while done < len(document_ids):
            if stop():
                self._commit()
                return False
            first = not reuse and not self.counts.chunks_written
            batch = document_ids[done : done + (FIRST_DOCUMENTS if first else READ_DOCUMENTS)]
            kept = self.stores.reader.vectors_of([key for key in batch if key in reuse])
            self._embed(self.stores.reader.documents(batch), kept)
            done += len(batch)
            late = time.monotonic() - began > GROUP_SECONDS
            if first or late or self._chunks >= GROUP_CHUNKS:
                self._commit()
                began = time.monotonic()
            self.progress("index", done, len(document_ids))
        self._commit()
        return True

    def _embed(self, documents: Sequence[Document], kept: Mapping[str, Vectors]) -> None:
        rows = [self._chunked(document) for document in documents]
        chunks = [chunk for row in rows for chunk in row.chunks]
        texts = ((chunk.content_hash, chunk.text) for chunk in chunks)
        try:
            found = embed_texts(self.stores.embedder, self.stores.vectors, texts, kept)
        except EmbedderFailed as error:
            raise _naming_document(error, rows) from error
        self._rows += rows
        self._vectors += [found.vectors[chunk.content_hash] for chunk in chunks]
        self._chunks += len(chunks)
        counts = self.counts
        counts.texts_embedded += found.embedded
        counts.texts_kept += found.reused_kept
        counts.texts_cached += found.reused_cache
        counts.texts_split += found.split
        counts.tokens += found.tokens

    def _chunked(self, document: Document) -> ChunkedDocument:
        chunks, unparsed = cut(document)
        if unparsed:
            self.counts.unparsed.append(document.key)
        link = self.connector.lines_url
        urls = [link(document, chunk.start_line, chunk.end_line) for chunk in chunks]
        github_url = str(self.stores.settings.github_web_url)
        found = links_of(document, self.source, github_url=github_url)
        self.counts.links_written += len(found.links)
        self.counts.links_dropped += found.dropped
        return ChunkedDocument(document, chunks, urls, found.links)

    def _commit(self) -> None:
        if not self._rows:
            return
        self.writer.replace_chunks(
            self.source, self.stream, self._rows, np.stack(self._vectors), chunker=INDEXED_BY
        )
        if not self.counts.chunks_written:
            make_indexes(self.stores)
        self.counts.chunks_written += self._chunks
        self._rows, self._vectors, self._chunks = [], [], 0


def _naming_document(error: EmbedderFailed, rows: Sequence[ChunkedDocument]) -> EmbedderFailed:
    """The error with the key of the document whose text was refused, where it is about one."""
    for row in rows:
        if any(chunk.text == error.text for chunk in row.chunks):
            return EmbedderFailed(f"{row.document.key}: {error}", text=error.text)
    return error
