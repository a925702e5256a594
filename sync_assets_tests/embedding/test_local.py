import random
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync_assets.embedding.local import BATCH_TOKENS, LocalEmbedder, batches, windows
from sync_assets.embedding.minilm import CLS, SEP, WINDOW, installed_model, tokenizer
from sync_assets.errors import InvalidSettings

_RANDOM = random.Random(7)
_WORDS = "sync the index of a repository when its branch moves getUserName() ünïcode 世界 42"


def _text(words: int) -> str:
    return " ".join(_RANDOM.choices(_WORDS.split(), k=words))


TEXTS = ["", "\0", *(_text(words) for words in (1, 2, 3, 5, 8, 13, 21, 34, 55, 90, 150, 400))]


@pytest.fixture(scope="module")
def alone(local: LocalEmbedder) -> list[bytes]:
    """Each text's vector when nothing else is embedded with it."""
    return [local.embed([text]).vectors.tobytes() for text in TEXTS]


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(0, len(TEXTS) - 1), min_size=1, max_size=12))
def test_a_vector_is_the_same_to_the_last_bit_in_every_batch_and_order(
    local: LocalEmbedder, alone: list[bytes], chosen: list[int]
):
    vectors = local.embed([TEXTS[index] for index in chosen]).vectors

    assert [row.tobytes() for row in vectors] == [alone[index] for index in chosen]


def test_a_vector_is_the_same_to_the_last_bit_with_any_number_of_threads(
    local: LocalEmbedder, alone: list[bytes], tmp_path: Path
):
    for threads in (1, 2):
        other = LocalEmbedder(home=tmp_path, threads=threads)
        assert [row.tobytes() for row in other.embed(TEXTS).vectors] == alone


def test_threads_that_share_the_model_get_the_vectors_of_their_own_texts(
    local: LocalEmbedder, alone: list[bytes]
):
    seen: dict[int, bytes] = {}

    def embed(index: int) -> None:
        seen[index] = local.embed([TEXTS[index]]).vectors.tobytes()

    threads = [threading.Thread(target=embed, args=(index,)) for index in range(len(TEXTS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [seen[index] for index in range(len(TEXTS))] == alone


def test_vectors_have_length_one_and_stated_shape(local: LocalEmbedder):
    vectors = local.embed(TEXTS).vectors

    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), local.dimensions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)
    assert local.embed([]).vectors.shape == (0, local.dimensions)


def test_the_last_word_of_a_text_of_2000_tokens_counts(local: LocalEmbedder):
    words = ["river"] * 2_000
    one = local.embed([" ".join([*words, "winter"])])
    other = local.embed([" ".join([*words, "database"])])

    assert one.split == 1
    assert one.tokens == 2_001 + 2 * 8  # eight windows, each with CLS and SEP
    assert one.vectors.tobytes() != other.vectors.tobytes()


def test_a_long_text_is_as_near_to_each_of_its_topics(local: LocalEmbedder):
    sea = "The boat left the harbour at dawn and the waves were high. "
    tax = "The invoice must state the tax rate and the due date of payment. "
    long, sea_vector, tax_vector, other = local.embed(
        [sea * 40 + tax * 40, sea, tax, "A protein folds into its native structure."]
    ).vectors

    assert min(long @ sea_vector, long @ tax_vector) > 2 * (long @ other)


def test_a_paraphrase_is_nearer_than_an_unrelated_text(local: LocalEmbedder):
    pairs = [
        ("The deploy failed since the database was down.", "Release broke: DB outage."),
        ("How do I reset my password?", "I forgot my login credentials."),
        ("def add(a, b): return a + b", "a function that sums two numbers"),
    ]
    first = local.embed([one for one, _ in pairs]).vectors
    second = local.embed([other for _, other in pairs]).vectors
    similarity = first @ second.T

    assert similarity.argmax(axis=1).tolist() == [0, 1, 2]
    assert similarity.diagonal().min() > 0.35


@given(st.lists(st.integers(1_000, 30_000), max_size=2_000))
@settings(max_examples=50, deadline=None)
def test_windows_hold_every_token_once_in_order_within_the_models_length(tokens: list[int]):
    cut = windows(tokens)
    content = [window[1:-1] for window in cut]

    assert [token for part in content for token in part] == tokens
    assert all(window[0] == CLS and window[-1] == SEP for window in cut)
    assert max(map(len, cut)) <= WINDOW
    assert max(map(len, content)) - min(map(len, content)) <= 1


@given(st.lists(st.integers(2, WINDOW), max_size=200))
def test_batches_hold_every_window_once_within_the_budget(lengths: list[int]):
    made = list(batches(lengths))

    assert sorted(index for batch, _ in made for index in batch) == list(range(len(lengths)))
    for batch, width in made:
        assert width * len(batch) <= BATCH_TOKENS
        assert all(width - 8 < lengths[index] <= width for index in batch)


def test_the_vocabulary_gives_the_token_ids_of_bert_base_uncased():
    # From the model's own example: https://huggingface.co/docs/transformers/glossary
    assert tokenizer()("Hello, my dog is cute") == [7592, 1010, 2026, 3899, 2003, 10140]


def test_a_model_file_of_other_bytes_is_refused_by_name(tmp_path: Path):
    changed = tmp_path / "model.onnx"
    content = bytearray(installed_model().read_bytes())
    content[1_000_000] ^= 1
    changed.write_bytes(content)
    embedder = LocalEmbedder(home=tmp_path, model=changed)

    with pytest.raises(InvalidSettings, match=r"model\.onnx is not the model.*MODEL_PATH"):
        embedder.embed(["a"])


@pytest.mark.parametrize("content", [None, b"", b"not a model"])
def test_a_model_file_that_is_absent_or_of_another_size_is_refused_at_start(
    tmp_path: Path, content: bytes | None
):
    path = tmp_path / "model.onnx"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InvalidSettings, match="SYNC_ASSETS_MODEL_PATH"):
        LocalEmbedder(home=tmp_path, model=path)


def test_the_same_bytes_at_another_place_give_the_same_vectors(
    local: LocalEmbedder, alone: list[bytes], tmp_path: Path
):
    copy = tmp_path / "elsewhere.onnx"
    copy.symlink_to(installed_model())
    embedder = LocalEmbedder(home=tmp_path, model=copy, threads=1)

    assert embedder.fingerprint == local.fingerprint
    assert embedder.embed(TEXTS[3:4]).vectors.tobytes() == alone[3]


def test_opening_an_embedder_imports_no_runtime_no_tokenizer_and_no_client(tmp_path: Path):
    program = """
import sys
from pathlib import Path
from sync_assets.settings import Settings
from sync_assets.stores import open_stores
for name in ("local", "openai"):
    open_stores(Settings(home=Path(sys.argv[1]), embedder=name)).embedder.fingerprint
heavy = {"onnxruntime", "tokenizers", "lancedb", "pandas", "pyarrow", "openai", "httpx"}
print(sorted(heavy & sys.modules.keys()))
"""
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
