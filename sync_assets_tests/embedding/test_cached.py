import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from sync_assets.embedding.base import Embedded
from sync_assets.embedding.cache import VectorCache, open_cache
from sync_assets.embedding.cached import SLICE_CHARACTERS, embed_texts, slices
from sync_assets.embedding.hash import HashEmbedder
from sync_assets.errors import StoreUnavailable
from sync_assets.models import digest
from sync_assets.settings import Settings
from sync_assets_tests.embedding.embed_until_killed import PAIRS, TEXTS, Sliced


class Witness(HashEmbedder):
    """Remembers what it was given; says 10 tokens and one split text a call."""

    def __init__(self, dimensions: int = 16, name: str = "witness") -> None:
        super().__init__(dimensions)
        self.seen: list[str] = []
        self._name = name

    @property
    def fingerprint(self) -> str:
        return self._name

    def embed(self, texts: Sequence[str]) -> Embedded:
        self.seen += texts
        return Embedded(super().embed(texts).vectors, tokens=10, split=1)


def _pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    return [(digest(text), text) for text in texts]


def test_kept_vectors_come_first_then_the_cache_then_the_model(cache: VectorCache):
    embedder = Witness()
    embed_texts(embedder, cache, _pairs(["kept", "cached"]), {})
    embedder.seen.clear()
    kept = {digest("kept"): np.ones(16, np.float32), digest("unasked"): np.zeros(16, np.float32)}

    result = embed_texts(embedder, cache, _pairs(["new", "cached", "kept", "new", "kept"]), kept)

    assert embedder.seen == ["new"]
    assert (result.reused_kept, result.reused_cache, result.embedded) == (1, 1, 1)
    assert (result.tokens, result.split) == (10, 1)
    assert result.vectors.keys() == {digest("new"), digest("cached"), digest("kept")}
    assert result.vectors[digest("kept")] is kept[digest("kept")]


@limits(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from("abcdefghij"), max_size=8), max_size=6))
def test_every_distinct_text_is_embedded_once_over_all_calls(
    cache: VectorCache, calls: list[list[str]]
):
    embedder = Witness(name=uuid4().hex)
    for texts in calls:
        result = embed_texts(embedder, cache, _pairs(texts), {})
        expected = dict(zip(texts, HashEmbedder(16).embed(texts).vectors, strict=True))
        assert {key: vector.tobytes() for key, vector in result.vectors.items()} == {
            digest(text): vector.tobytes() for text, vector in expected.items()
        }
        assert result.reused_kept + result.reused_cache + result.embedded == len(set(texts))

    assert sorted(embedder.seen) == sorted({text for texts in calls for text in texts})


def test_another_model_uses_nothing_of_the_first(cache: VectorCache):
    embed_texts(Witness(name="one"), cache, _pairs(["a"]), {})

    assert embed_texts(Witness(name="other"), cache, _pairs(["a"]), {}).embedded == 1


def test_threads_that_bring_the_same_texts_embed_each_once(settings: Settings):
    cache, embedder = open_cache(settings), Witness()
    ready = threading.Barrier(4)

    def bring() -> None:
        ready.wait()
        embed_texts(embedder, cache, PAIRS, {})

    threads = [threading.Thread(target=bring) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cache.close()

    assert sorted(embedder.seen) == sorted(TEXTS)


def test_a_killed_run_embeds_nothing_finished_again(settings: Settings):
    module = "sync_assets_tests.embedding.embed_until_killed"
    command = [sys.executable, "-m", module, str(settings.home), "4"]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    cache, embedder = open_cache(settings), HashEmbedder()

    result = embed_texts(embedder, cache, PAIRS, {})
    cache.close()

    assert (result.reused_cache, result.embedded) == (24, 16)
    rows = [result.vectors[key].tobytes() for key, _ in PAIRS]
    assert rows == [row.tobytes() for row in embedder.embed(TEXTS).vectors]


def test_progress_adds_up_to_the_distinct_texts(settings: Settings):
    cache = open_cache(settings)
    embed_texts(Sliced(), cache, PAIRS[:10], {})
    kept = {key: np.zeros(384, np.float32) for key, _ in PAIRS[10:15]}
    seen: list[int] = []

    embed_texts(Sliced(), cache, PAIRS * 2, kept, seen.append)
    cache.close()

    assert seen == [5, 10, 8, 8, 8, 1]


@limits(max_examples=50)
@given(st.lists(st.integers(0, 2 * SLICE_CHARACTERS), max_size=20))
def test_slices_hold_all_in_order_and_none_grows_past_its_limit(lengths: list[int]):
    pairs = [(str(number), "x" * length) for number, length in enumerate(lengths)]
    made = list(slices(pairs))

    assert [pair for run in made for pair in run] == pairs
    assert all(sum(len(text) for _, text in run[:-1]) < SLICE_CHARACTERS for run in made)


def test_a_cached_vector_of_another_length_is_refused(settings: Settings):
    cache = open_cache(settings)
    cache.put_many("witness", {digest("a"): np.zeros(3, np.float32)})

    with pytest.raises(StoreUnavailable, match="holds 3 dimensions"):
        embed_texts(Witness(16), cache, _pairs(["a"]), {})
    cache.close()
