"""Which embedder the settings name."""

import functools
import threading
from collections.abc import Callable
from pathlib import Path

from sync_assets.embedding.base import Embedder
from sync_assets.embedding.cache import VectorCache
from sync_assets.embedding.hash import HashEmbedder
from sync_assets.embedding.local import LocalEmbedder
from sync_assets.http.clients import HttpClients
from sync_assets.settings import Settings

_OPENING = threading.Lock()


def fingerprint_of(settings: Settings) -> str:
    """The fingerprint of `settings.embedder`. InvalidSettings where its file is wrong."""
    match settings.embedder:
        case "hash":
            return HashEmbedder().fingerprint
        case "local":
            return _opened_local(settings).fingerprint
        case "openai":
            from sync_assets.embedding.openai import openai_fingerprint

            return openai_fingerprint(settings)


def open_embedder(
    settings: Settings, http: HttpClients, cache: Callable[[], VectorCache]
) -> Embedder:
    """The embedder of `settings.embedder`; one local model a process, however often it is opened.

    Cheap: the model is loaded, or asked, when it is first used. InvalidSettings where its file is
    wrong.
    """
    match settings.embedder:
        case "hash":
            return HashEmbedder()
        case "local":
            return _opened_local(settings)
        case "openai":
            from sync_assets.embedding.openai import OpenAIEmbedder

            return OpenAIEmbedder(settings, http, cache)


def _opened_local(settings: Settings) -> LocalEmbedder:
    with _OPENING:
        return _local(settings.home, settings.model_path, settings.embedder_threads)


@functools.cache
def _local(home: Path, model: Path | None, threads: int) -> LocalEmbedder:
    return LocalEmbedder(home=home, model=model, threads=threads)
