"""Texts into requests that a server takes: smaller batches where it refuses, and at last pieces."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from sync_assets.embedding.base import Vectors
from sync_assets.embedding.openai_answer import unit
from sync_assets.errors import EmbedderFailed, PageTooLarge

MOST_INPUTS = 2_048
MOST_TOKENS = 250_000
BYTES_A_TOKEN = 3
"""OpenAI takes 300,000 tokens a request; bytes only estimate them, on the safe side."""
SHORTEST_PIECE = 64
"""Characters: a text this short that is refused is not refused for its length."""


class Sending:
    """Texts on their way: batches that are refused become smaller, texts become pieces."""

    def __init__(
        self, ask: Callable[[Sequence[str]], tuple[Vectors, int]], texts: Sequence[str]
    ) -> None:
        self.tokens = 0
        self.halved: set[str] = set()
        self._ask = ask
        self._texts = texts
        self._found: dict[str, Vectors] = {}

    @property
    def vectors(self) -> Iterator[Vectors]:
        """One a text, in order, after `run`."""
        return (self._found[text] for text in self._texts)

    def run(self, inputs: int) -> int:
        """Ask for all, at most `inputs` at once; returns how many proved to be taken."""
        waiting = deque(batches(list(dict.fromkeys(self._texts))))
        while waiting:
            batch = waiting.popleft()
            if len(batch) > inputs:
                waiting.appendleft(batch[inputs:])
                batch = batch[:inputs]
            try:
                vectors, tokens = self._ask(batch)
            except PageTooLarge as error:
                if len(batch) > 1:
                    inputs = len(batch) // 2
                    waiting.appendleft(batch)
                else:
                    inputs = MOST_INPUTS  # it was the text, not the batch
                    self._halve(batch[0], error)
                continue
            self._found.update(zip(batch, vectors, strict=True))
            self.tokens += tokens
        return inputs

    def _halve(self, text: str, error: PageTooLarge) -> None:
        if len(text) <= SHORTEST_PIECE:
            raise EmbedderFailed(f"Embedding: a short text is refused: {error}", text=text)
        halves = _halves(text)
        part = Sending(self._ask, halves)
        part.run(1)
        self.tokens += part.tokens
        self.halved.add(text)
        self._found[text] = mean(halves, list(part.vectors))


def batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in order, within OpenAI's limits of one request."""
    batch: list[str] = []
    tokens = 0
    for text in texts:
        own = len(text.encode()) // BYTES_A_TOKEN + 1
        if batch and (len(batch) == MOST_INPUTS or tokens + own > MOST_TOKENS):
            yield batch
            batch, tokens = [], 0
        batch.append(text)
        tokens += own
    if batch:
        yield batch


def pieces(text: str, most: int) -> list[str]:
    """The text in as few halvings as give pieces of at most `most` bytes, cut between words where
    there are words. Joined they are the text, but for what is blank.
    """
    if len(text.encode()) <= most or len(text) == 1:
        return [text]
    return [piece for half in _halves(text) for piece in pieces(half, most)]


def mean(parts: Sequence[str], vectors: Sequence[Vectors]) -> Vectors:
    """The parts' mean direction, each weighing as many bytes as it has."""
    if len(parts) == 1:
        return vectors[0]
    weights = np.array([len(part.encode()) for part in parts], dtype=np.float64)
    return unit((weights @ np.asarray(vectors, dtype=np.float64))[np.newaxis])[0]


def _halves(text: str) -> list[str]:
    middle = len(text) // 2
    near = text.rfind(" ", len(text) // 4, middle)
    at = near if near > 0 else middle
    return [half for half in (text[:at], text[at:]) if half.strip()]
