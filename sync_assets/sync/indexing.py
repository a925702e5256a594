"""Documents into chunks, chunks into vectors, both into the index: one commit a group."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
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
from sync_assets.models import Chunk, Document, Source
from sync_assets.stores import Stores
from sync_assets.sync.progress import Progress
from sync_assets.sync.upkeep import make_indexes

INDEXED_BY = 1_000 * LINKS_VERSION + CHUNKER_VERSION
"""Stored with each chunk: what made it and, in the same commit or before, its document's links."""
FIRST_DOCUMENTS = 10
"""Full text splits identifiers only through an index: it is made as soon as a few rows stand, while
that costs nothing. Rows that come later are found without being in it; upkeep adds them."""
LOOKED_UP = 500
READ_DOCUMENTS = 50
"""So many are searched for at once, and of these so many held in memory."""
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
    _chunks: list[Chunk] = field(default_factory=list[Chunk])
    _vectors: list[Vectors] = field(default_factory=list[Vectors])
    _kept: dict[str, Vectors] = field(default_factory=dict[str, Vectors])
    _characters: int = 0

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
        first = not reuse and not self.counts.chunks_written
        done = 0
        for some in _parts(document_ids, FIRST_DOCUMENTS if first else LOOKED_UP):
            read = done
            for documents in self.stores.reader.documents(some, READ_DOCUMENTS):
                if stop():
                    self._commit()
                    return False
                self._take(documents, reuse)
                late = time.monotonic() - began > GROUP_SECONDS
                if first or late or len(self._chunks) >= GROUP_CHUNKS:
                    self._commit()
                    began, first = time.monotonic(), False
                read += len(documents)
                self.progress("index", read, len(document_ids))
            done += len(some)
        self._commit()
        self.progress("index", done, len(document_ids))
        return True

    def _take(self, documents: Sequence[Document], reuse: Collection[str]) -> None:
        ids = [document.document_id for document in documents]
        self._kept |= self.stores.reader.vectors_of([key for key in ids if key in reuse])
        for document in documents:
            row = self._chunked(document)
            self._rows.append(row)
            self._chunks += row.chunks
            self._characters += len(document.text)
        if self._characters >= self.stores.embedder.slice_characters:
            self._embed()

    def _embed(self) -> None:
        """The vectors of all chunks that have none yet: of as many as the model takes at once, so
        that the cache is asked and filled by as many.
        """
        chunks = self._chunks[len(self._vectors) :]
        texts = ((chunk.content_hash, chunk.text) for chunk in chunks)
        try:
            found = embed_texts(self.stores.embedder, self.stores.vectors, texts, self._kept)
        except EmbedderFailed as error:
            raise _naming_document(error, self._rows) from error
        self._vectors += [found.vectors[chunk.content_hash] for chunk in chunks]
        self._characters = 0
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
        self._embed()
        self.writer.replace_chunks(
            self.source, self.stream, self._rows, np.stack(self._vectors), chunker=INDEXED_BY
        )
        if not self.counts.chunks_written:
            make_indexes(self.stores)
        self.counts.chunks_written += len(self._chunks)
        self._rows, self._chunks, self._vectors, self._kept = [], [], [], {}


def _naming_document(error: EmbedderFailed, rows: Sequence[ChunkedDocument]) -> EmbedderFailed:
    """The error with the key of the document whose text was refused, where it is about one."""
    for row in rows:
        if any(chunk.text == error.text for chunk in row.chunks):
            return EmbedderFailed(f"{row.document.key}: {error}", text=error.text)
    return error


def _parts(document_ids: Sequence[str], first: int) -> Iterator[Sequence[str]]:
    """The ids in order: `first` of them, then `LOOKED_UP` at a time."""
    begin, end = 0, first
    while begin < len(document_ids):
        yield document_ids[begin:end]
        begin, end = end, end + LOOKED_UP
