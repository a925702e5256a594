"""What the engine knows of an embedding model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

SLICE_CHARACTERS = 65_536
"""Embedded, cached and reported together: a few seconds of the local model's work."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors of shape (texts, dimensions), L2-normalised, in the order of the texts.

    `tokens` were sent to the model; `split` texts were longer than its window, embedded in
    windows and averaged: nothing is cut off unseen.
    """

    vectors: Vectors
    tokens: int
    split: int


class Embedder(Protocol):
    """A model. `fingerprint` names provider, model, dimensions and normaliser: equal fingerprints
    mean comparable vectors, and equal text then means an equal vector whatever the batch.
    """

    @property
    def fingerprint(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def slice_characters(self) -> int:
        """How much is best given to `embed` at once: what is lost where it fails halfway."""
        return SLICE_CHARACTERS

    def embed(self, texts: Sequence[str]) -> Embedded: ...
