"""Which embedder the settings name."""

import functools
import threading
from pathlib import Path

from sync_assets.embedding.base import Embedder
from sync_assets.embedding.hash import HashEmbedder
from sync_assets.embedding.local import LocalEmbedder
from sync_assets.settings import Settings

_OPENING = threading.Lock()


def open_embedder(settings: Settings) -> Embedder:
    """The embedder of `settings.embedder`; one local model a process, however often it is opened.

    Cheap: the model is loaded when it is first used. InvalidSettings where its file is wrong.
    """
    match settings.embedder:
        case "hash":
            return HashEmbedder()
        case "local":
            with _OPENING:
                return _local(settings.home, settings.model_path, settings.embedder_threads)


@functools.cache
def _local(home: Path, model: Path | None, threads: int) -> LocalEmbedder:
    return LocalEmbedder(home=home, model=model, threads=threads)
