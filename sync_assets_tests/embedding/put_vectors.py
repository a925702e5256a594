"""Put batches of vectors into the cache of HOME; print each batch's number once it is kept.

Usage: python -m sync_assets_tests.embedding.put_vectors HOME FIRST_BATCH END_BATCH
"""

import sys
from pathlib import Path

import numpy as np

from sync_assets.embedding.base import Vectors
from sync_assets.embedding.cache import open_cache
from sync_assets.settings import Settings

FINGERPRINT = "test/vectors"


def batch_of(number: int) -> dict[str, Vectors]:
    """The same 100 vectors for the same number, in every process."""
    rows = np.random.default_rng(number).standard_normal((100, 384), dtype=np.float32)
    return {f"{number:08x}{row:024x}": rows[row] for row in range(len(rows))}


def main(home: str, first: int, end: int) -> None:
    cache = open_cache(Settings(home=Path(home), embedder="hash"))
    for number in range(first, end):
        cache.put_many(FINGERPRINT, batch_of(number))
        print(number, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
