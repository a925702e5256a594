"""Embedding by OpenAI, or by any server that speaks its API: vLLM, Ollama, TEI, llama.cpp, LiteLLM.

No text is cut off unseen. What a server refuses is sent in smaller batches, and at last in pieces
whose vectors are averaged. A server that itself cuts off what is too long is found out at the first
contact (`_window`): from then on no text is sent that it would not read to its end.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sync_assets.embedding.base import Embedded, Vectors
from sync_assets.embedding.cache import VectorCache
from sync_assets.embedding.openai_answer import read_answer
from sync_assets.embedding.openai_sending import MOST_INPUTS, Sending, mean, pieces
from sync_assets.errors import (
    EmbedderFailed,
    FingerprintMismatch,
    PageTooLarge,
    RateLimited,
    SourceError,
)
from sync_assets.http.clients import HttpClients
from sync_assets.models import digest
from sync_assets.settings import Settings

if TYPE_CHECKING:
    from openai import OpenAI

WINDOWS = (8_192, 4_096, 2_048, 1_024, 512, 256)
PROBE = "Which of our services write to the ledger?"
NOTHING = "(no text)"
"""Stands for a text of nothing but spaces, which servers refuse."""
SAME_MODEL = 0.99
SAME_TEXT = 0.999
CHANGED = (
    "set SYNC_ASSETS_OPENAI_MODEL, _DIMENSIONS and _BASE_URL back, or build another index at a new"
    " SYNC_ASSETS_INDEX_URI"
)


@dataclass(frozen=True, slots=True)
class _Pin:
    """What the first contact showed: `probe` is a fixed text's vector, `window` the most bytes
    that the server surely reads of one text.
    """

    window: int
    probe: Vectors

    def as_row(self) -> Vectors:
        return np.concatenate([np.array([self.window], np.float32), self.probe])


class OpenAIEmbedder:
    """Safe from several threads. Nothing is asked of the server before the first use.

    Raises EmbedderFailed where the server is away, refuses us or breaks the API's contract,
    RateLimited, FingerprintMismatch where another model answers under the name, StoreUnavailable.
    """

    slice_characters = 262_144

    def __init__(
        self, settings: Settings, http: HttpClients, cache: Callable[[], VectorCache]
    ) -> None:
        self.fingerprint = openai_fingerprint(settings)
        self._settings = settings
        self._http = http
        self._cache = cache
        self._base_url = str(settings.openai_base_url).rstrip("/")
        self._inputs = MOST_INPUTS
        self._lock = threading.Lock()
        self._client: OpenAI | None = None
        self._pinned: _Pin | None = None

    @property
    def dimensions(self) -> int:
        """Known after the first contact, and then kept in the vector cache."""
        return len(self._pin().probe)

    def embed(self, texts: Sequence[str]) -> Embedded:
        pin = self._pin()
        cut = [pieces(text if text.strip() else NOTHING, pin.window) for text in texts]
        try:
            work = Sending(self._ask, [piece for parts in cut for piece in parts])
            self._inputs = work.run(self._inputs)
        except EmbedderFailed as error:
            error.text = next((text for text in texts if error.text and error.text in text), None)
            raise
        found = iter(work.vectors)
        vectors = np.empty((len(texts), len(pin.probe)), dtype=np.float32)
        for row, parts in enumerate(cut):
            vectors[row] = mean(parts, [next(found) for _ in parts])
        split = sum(len(parts) > 1 or bool(work.halved.intersection(parts)) for parts in cut)
        return Embedded(vectors, work.tokens, split)

    def _ask(self, texts: Sequence[str]) -> tuple[Vectors, int]:
        """One request. PageTooLarge where it may be refused for its size."""
        vectors, tokens = self._answered(texts)
        expected = len(self._pinned.probe) if self._pinned else self._settings.openai_dimensions
        if expected not in {None, vectors.shape[1]}:
            raise FingerprintMismatch(
                f"{self._base_url} gives vectors of {vectors.shape[1]} dimensions where"
                f" {expected} are wanted: {CHANGED}"
            )
        return vectors, tokens

    def _answered(self, texts: Sequence[str]) -> tuple[Vectors, int]:
        import openai

        dimensions = self._settings.openai_dimensions
        try:
            response = self._connected().embeddings.with_raw_response.create(
                input=list(texts),
                model=self._settings.openai_model,
                encoding_format="float",
                dimensions=openai.omit if dimensions is None else dimensions,
            )
        except (PageTooLarge, RateLimited):
            raise
        except SourceError as error:
            raise EmbedderFailed(f"Embedding: {error}") from error
        except openai.OpenAIError as error:
            raise EmbedderFailed(
                f"Embedding at {self._base_url} failed: {type(error).__name__}"
            ) from error
        return read_answer(response.content, len(texts))

    def _connected(self) -> "OpenAI":
        with self._lock:
            if self._client is None:
                from sync_assets.embedding.openai_client import open_client

                self._client = open_client(self._settings, self._http)
            return self._client

    def _pin(self) -> _Pin:
        if self._pinned is None:
            here, anywhere = digest("pin", self._base_url), digest("pin")
            names = f"{self.fingerprint}/pin"
            known = self._cache().get_many(names, [here, anywhere])
            if here in known:
                self._pinned = _Pin(int(known[here][0]), known[here][1:])
            else:
                pin = self._first_contact()
                if anywhere in known and not _alike(known[anywhere][1:], pin.probe, SAME_MODEL):
                    raise FingerprintMismatch(
                        f"Another model answers as {self._settings.openai_model} at"
                        f" {self._base_url} than the one whose vectors are stored: {CHANGED}"
                    )
                self._cache().put_many(names, {here: pin.as_row(), anywhere: pin.as_row()})
                self._pinned = pin
        return self._pinned

    def _first_contact(self) -> _Pin:
        try:
            probe = self._ask([PROBE])[0][0]
        except PageTooLarge as error:
            raise EmbedderFailed(f"Embedding: {error}") from error
        return _Pin(self._window(), probe)

    def _window(self) -> int:
        """The most bytes of a text that are surely read.

        Two texts that differ only in their second half get different vectors where the first half
        was read to its end. Digits stand there, as they have the fewest bytes a token. A server
        that refuses instead never cuts off, so nothing needs to be cut before it.
        """
        for window in WINDOWS:
            start = ("4 7 1 9 " * window)[:window]
            pair = [(start + word * window)[: 2 * window] for word in ("winter ", "database ")]
            try:
                one, other = (self._ask([text])[0][0] for text in pair)
            except PageTooLarge:
                return WINDOWS[0]
            if not _alike(one, other, SAME_TEXT):
                return window
        raise EmbedderFailed(
            f"{self._base_url} gives different texts one vector: is"
            f" {self._settings.openai_model} an embedding model?"
        )


def openai_fingerprint(settings: Settings) -> str:
    """Known without a call. The host is no part of it, so that a model may move: the vector of a
    fixed text, kept from the first contact, tells whether it is still the same model.
    """
    dimensions = settings.openai_dimensions or "native"
    return f"openai/{settings.openai_model}/{dimensions}/mean-l2"


def _alike(one: Vectors, other: Vectors, least: float) -> bool:
    return one.shape == other.shape and float(one @ other) >= least
