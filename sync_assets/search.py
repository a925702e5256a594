"""Query -> hits: what every surface calls.

Hybrid by a score blend, which measured best (docs/adr): half the min-max scaled cosine, half the
BM25 score over the best one, over the best candidates of each list.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from sync_assets.connectors.catalog import left_out
from sync_assets.control.cursors import Cursor
from sync_assets.embedding.base import Vectors
from sync_assets.errors import FingerprintMismatch, InvalidSettings
from sync_assets.following import follow
from sync_assets.freshness import document_freshness, stream_freshness
from sync_assets.hits import Hit, SearchAnswer
from sync_assets.index.predicates import Filter, where
from sync_assets.models import Source
from sync_assets.stores import Stores

if TYPE_CHECKING:
    import pyarrow as pa

SearchMode = Literal["hybrid", "vector", "text"]
CANDIDATES = 50
VECTOR_WEIGHT = 0.5
EVERYTHING = Filter()


def search(
    stores: Stores,
    query: str,
    *,
    mode: SearchMode = "hybrid",
    limit: int = 10,
    only: Filter = EVERYTHING,
    hops: int = 0,
) -> SearchAnswer:
    """The best `limit` chunks, each saying how fresh it is. InvalidSettings for an empty query.
    What a source's settings no longer ask for is no hit, even where it is not purged yet.

    `hops` above 0 follows each hit's links so far, within the sources searched.
    """
    started = time.monotonic()
    if not query.strip():
        raise InvalidSettings("The query is empty: say what to search for")
    sources = {
        source.source_id: source
        for source in stores.registry.all()
        if (only.source_ids is None or source.source_id in only.source_ids)
        and (only.scopes is None or source.scope in only.scopes)
    }
    cursors = {(row.source_id, row.stream): row for row in stores.cursors.all()}
    without = {
        (name, stream) for name, source in sources.items() for stream in left_out(source)
    } & cursors.keys()
    vector = None if mode == "text" else _vector(stores, query)
    found = stores.reader.search(
        vector=vector,
        text=None if mode == "vector" else query,
        where=where(replace(only, source_ids=sources.keys(), scopes=None, without=without)),
        limit=max(CANDIDATES, limit),
    )
    nearest, matching = _by_id(found.nearest), _by_id(found.matching)
    ranked = blend(
        {key: 1 - row["_distance"] for key, row in nearest.items()},
        {key: row["_score"] for key, row in matching.items()},
        mode=mode,
    )
    best = [(nearest.get(key) or matching[key], score) for key, score in ranked[:limit]]
    hits = _hits(stores, sources, cursors, best)
    if hops:
        hits = _followed(stores, hits, hops, sources.values(), without)
    return SearchAnswer(
        query=query,
        mode=mode,
        hits=hits,
        seconds=time.monotonic() - started,
    )


def blend(
    cosines: Mapping[str, float], bm25: Mapping[str, float], *, mode: SearchMode
) -> list[tuple[str, float]]:
    """Chunk ids with their blended score in 0..1, best first; ties by id, so that order is stable.

    A chunk that one list lacks scores 0 in that list.
    """
    weight = {"hybrid": VECTOR_WEIGHT, "vector": 1.0, "text": 0.0}[mode]
    low = min(cosines.values(), default=0.0)
    span = max(cosines.values(), default=0.0) - low
    top = max(bm25.values(), default=0.0)
    scores = dict.fromkeys([*cosines, *bm25], 0.0)
    for key, cosine in cosines.items():
        scores[key] += weight * ((cosine - low) / span if span > 0 else 1.0)
    for key, score in bm25.items():
        scores[key] += (1 - weight) * (score / top if top > 0 else 1.0)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def _vector(stores: Stores, query: str) -> Vectors:
    """The query's vector, by the model that the index was built with."""
    stored, ours = stores.reader.fingerprint(), stores.embedder.fingerprint
    if stored not in {None, ours}:
        raise FingerprintMismatch(
            f"The index holds vectors of {stored}, the model is {ours}: set SYNC_ASSETS_EMBEDDER"
            " (and SYNC_ASSETS_OPENAI_*) back, or build another index at a new"
            " SYNC_ASSETS_INDEX_URI"
        )
    return stores.embedder.embed([query]).vectors[0]


def _followed(
    stores: Stores,
    hits: list[Hit],
    hops: int,
    sources: Collection[Source],
    without: Collection[tuple[str, str]],
) -> list[Hit]:
    linked = {
        key: tuple(follow(stores, key, hops=hops, sources=sources, without=without))
        for key in dict.fromkeys(hit.document_id for hit in hits)
    }
    return [hit.model_copy(update={"linked": linked[hit.document_id]}) for hit in hits]


def _by_id(table: "pa.Table") -> dict[str, dict[str, Any]]:
    return {row["chunk_id"]: row for row in table.to_pylist()}


def _hits(
    stores: Stores,
    sources: Mapping[str, Source],
    cursors: Mapping[tuple[str, str], Cursor],
    best: Collection[tuple[dict[str, Any], float]],
) -> list[Hit]:
    now = stores.clock()
    failing = {failure.document_id for failure in stores.failures.list()}
    awaited = stores.inbox.awaited()
    stored = stores.reader.versions({row["document_id"] for row, _ in best})
    hits: list[Hit] = []
    for row, score in best:
        key = (row["source_id"], row["stream"])
        cursor = cursors.get(key) or Cursor(*key)
        streams = awaited.get(row["source_id"], ())
        stale, because = document_freshness(
            row["document_version"],
            stored_version=stored.get(row["document_id"]),
            failing=row["document_id"] in failing,
            told=streams is None or row["stream"] in streams,
            source=stream_freshness(sources[row["source_id"]], cursor, now),
        )
        same = {name: row[name] for name in Hit.model_fields if name in row}
        hits.append(
            Hit(
                **same,
                score=round(score, 4),
                version=row["document_version"],
                verified_at=cursor.verified_at,
                stale=stale,
                stale_because=because,
            )
        )
    return hits
