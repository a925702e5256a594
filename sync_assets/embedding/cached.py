"""The vector of each distinct text: what is kept, then what is cached, and only then the model."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sync_assets.embedding.base import SLICE_CHARACTERS, Embedder, Vectors
from sync_assets.embedding.cache import VectorCache
from sync_assets.errors import StoreUnavailable

_EMBEDDING = threading.Lock()


@dataclass(frozen=True, slots=True)
class EmbeddedTexts:
    """Vectors of shape (dimensions,) by content hash. Counts are of distinct texts.

    `reused_kept + reused_cache + embedded == len(vectors)`; `tokens` and `split` as in Embedded.
    """

    vectors: Mapping[str, Vectors]
    reused_kept: int
    reused_cache: int
    embedded: int
    tokens: int
    split: int


def embed_texts(
    embedder: Embedder,
    cache: VectorCache,
    texts: Iterable[tuple[str, str]],
    kept: Mapping[str, Vectors],
    progress: Callable[[int], None] = lambda _: None,
) -> EmbeddedTexts:
    """The vectors of (content hash, text) pairs; each distinct text costs the model once.

    `kept` holds vectors of the same fingerprint that the caller has at hand. What the model
    computes is cached slice by slice, so that a killed run computes nothing finished again.
    `progress` gets the number of distinct texts done since its last call.

    Threads of one process take turns: the model uses all of its threads for each call anyhow, and
    so a text that two of them bring at once is embedded once. Raises StoreUnavailable, and what
    the embedder raises.
    """
    wanted = dict(texts)
    vectors = {content_hash: kept[content_hash] for content_hash in wanted if content_hash in kept}
    reused_kept = len(vectors)
    progress(reused_kept)
    unknown = wanted.keys() - vectors.keys()
    if not unknown:
        return EmbeddedTexts(vectors, reused_kept, 0, 0, 0, 0)
    with _EMBEDDING:
        cached = _checked(embedder, cache.get_many(embedder.fingerprint, unknown))
        vectors |= cached
        progress(len(cached))
        tokens = split = 0
        new = [(key, text) for key, text in wanted.items() if key not in vectors]
        for some in slices(new, embedder.slice_characters):
            result = embedder.embed([text for _, text in some])
            fresh = {key: result.vectors[row] for row, (key, _) in enumerate(some)}
            cache.put_many(embedder.fingerprint, fresh)
            vectors |= fresh
            tokens += result.tokens
            split += result.split
            progress(len(some))
    return EmbeddedTexts(vectors, reused_kept, len(cached), len(new), tokens, split)


def slices(
    pairs: Sequence[tuple[str, str]], most: int = SLICE_CHARACTERS
) -> Iterator[list[tuple[str, str]]]:
    """The pairs in order, in runs that end once they hold `most` characters."""
    run: list[tuple[str, str]] = []
    characters = 0
    for pair in pairs:
        run.append(pair)
        characters += len(pair[1])
        if characters >= most:
            yield run
            run, characters = [], 0
    if run:
        yield run


def _checked(embedder: Embedder, cached: dict[str, Vectors]) -> dict[str, Vectors]:
    for content_hash, vector in cached.items():
        if vector.shape != (embedder.dimensions,):
            raise StoreUnavailable(
                f"The vector cache holds {len(vector)} dimensions for {content_hash} of"
                f" {embedder.fingerprint}: empty its table `vectors`"
            )
    return cached
