import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_assets.embedding.hash import HashEmbedder


@settings(max_examples=50)
@given(st.lists(st.text(st.characters(codec="utf-8")), max_size=8), st.integers(1, 700))
def test_a_vector_follows_from_its_text_alone_and_has_length_one(texts: list[str], dimensions: int):
    embedder = HashEmbedder(dimensions)

    together = embedder.embed(texts).vectors
    alone = [embedder.embed([text]).vectors[0] for text in texts]

    assert together.dtype == np.float32
    assert together.shape == (len(texts), dimensions)
    assert [row.tobytes() for row in together] == [row.tobytes() for row in alone]
    np.testing.assert_allclose(np.square(together).sum(axis=1), 1, rtol=1e-5)


def test_different_texts_get_unrelated_vectors():
    vectors = HashEmbedder().embed(["a text", "a text."]).vectors

    assert abs(vectors[0] @ vectors[1]) < 0.3


def test_the_fingerprint_says_that_there_is_no_meaning_and_names_the_dimensions():
    assert HashEmbedder(7).fingerprint == "hash/shake128-signs-no-meaning/7/l2"
