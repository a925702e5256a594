"""Embed texts into the cache of HOME and die by SIGKILL when the model is called for the Nth time.

Usage: python -m sync_assets_tests.embedding.embed_until_killed HOME N
"""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sync_assets.embedding.base import Embedded
from sync_assets.embedding.cache import open_cache
from sync_assets.embedding.cached import SLICE_CHARACTERS, embed_texts
from sync_assets.embedding.hash import HashEmbedder
from sync_assets.models import digest
from sync_assets.settings import Settings

# Eight texts a slice, five slices.
TEXTS = [f"{number:0{SLICE_CHARACTERS // 8}}" for number in range(40)]
PAIRS = [(digest(text), text) for text in TEXTS]


class Sliced(HashEmbedder):
    """Takes as much a call as a model does."""

    slice_characters = SLICE_CHARACTERS


class Mortal(Sliced):
    """Kills its process instead of serving call `last`."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self._left = last

    def embed(self, texts: Sequence[str]) -> Embedded:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed(texts)


if __name__ == "__main__":
    cache = open_cache(Settings(home=Path(sys.argv[1]), embedder="hash"))
    embed_texts(Mortal(int(sys.argv[2])), cache, PAIRS, {})
