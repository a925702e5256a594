from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from sync_assets.embedding.base import Vectors
from sync_assets.embedding.cached import embed_texts
from sync_assets.embedding.openai import NOTHING, OpenAIEmbedder
from sync_assets.embedding.openai_dialect import OpenAIDialect, duration
from sync_assets.embedding.openai_sending import (
    BYTES_A_TOKEN,
    MOST_INPUTS,
    MOST_TOKENS,
    batches,
    pieces,
)
from sync_assets.errors import EmbedderFailed, FingerprintMismatch, RateLimited
from sync_assets.models import digest
from sync_assets.settings import Settings
from sync_assets.stores import Stores, open_stores
from sync_assets_tests.embedding.servers import Embeddings, Fault, Spoil, refusal, serving

KEY = "sk-proj-1234567890abcdef"
TEXTS = [f"text {number} of {'many ' * (number % 7)}words" for number in range(100)]


SPOILT: list[tuple[Spoil, str]] = [
    (lambda data: data[1:], "given 10 texts and answered with 9"),
    (lambda data: [*data[1:], data[1]], "other indexes"),
    (lambda data: [{**each, "index": 0} for each in data], "other indexes"),
    (lambda data: [{**data[0], "embedding": [float("nan")] * 32}, *data[1:]], "NaN"),
    (lambda data: [{**data[0], "embedding": [0.0] * 32}, *data[1:]], "zeros"),
    (lambda data: [{**data[0], "embedding": [1.0]}, *data[1:]], "dimensions at once"),
    (lambda data: [{**data[0], "embedding": None}, *data[1:]], "cannot be read"),
    (lambda _: "none", "cannot be read"),
]


class Bench:
    """Opens embedders on servers; each embedder is a process of its own, but for the HOME."""

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self.stores: list[Stores] = []

    def serve(self, server: Embeddings) -> Embeddings:
        return self._stack.enter_context(serving(server))

    def open(self, server: Embeddings, **changes: object) -> OpenAIEmbedder:
        named = {"embedder": "openai", "openai_base_url": server.url, "openai_model": "words"}
        settings = Settings.model_validate(
            {"home": self._settings.home, "openai_api_key": server.key, **named, **changes}
        )
        stores = self._stack.enter_context(closing(open_stores(settings)))
        self.stores.append(stores)
        assert isinstance(stores.embedder, OpenAIEmbedder)
        return stores.embedder


@pytest.fixture
def bench(settings: Settings) -> Iterator[Bench]:
    with ExitStack() as stack:
        yield Bench(settings, stack)


def _true(server: Embeddings, texts: list[str]) -> Vectors:
    return np.stack([server.vector(text) for text in texts])


def test_vectors_are_the_servers_in_order_and_dimensions_are_learned_from_it(bench: Bench):
    server = bench.serve(Embeddings(key=KEY))
    embedder = bench.open(server)

    embedded = embedder.embed(TEXTS)

    np.testing.assert_allclose(embedded.vectors, _true(server, TEXTS), atol=1e-6)
    assert embedder.dimensions == server.dimensions
    assert (embedded.split, embedded.tokens) == (0, sum(len(text.split()) for text in TEXTS))
    assert set(server.authorizations) == {f"Bearer {KEY}"}


def test_only_what_was_configured_is_sent(bench: Bench):
    server = bench.serve(Embeddings())
    bench.open(server).embed(TEXTS)
    bench.open(server, openai_dimensions=16).embed(TEXTS)

    assert {"dimensions" in request for request in server.requests} == {False, True}
    plain = {"input", "model", "encoding_format"}
    assert {frozenset(request) - {"dimensions"} for request in server.requests} == {
        frozenset(plain)
    }
    assert set(server.authorizations) == {None}  # without a key no header, not even an empty one


def test_opening_asks_nothing_and_a_known_server_is_not_asked_again_who_it_is(bench: Bench):
    server = bench.serve(Embeddings())
    assert bench.open(server).fingerprint == "openai/words/native/mean-l2"
    assert server.requests == []
    bench.open(server).embed(["a"])
    server.requests.clear()

    again = bench.open(server)
    assert again.dimensions == server.dimensions
    assert server.requests == []
    again.embed(["b"])
    assert server.inputs == ["b"]


def test_answers_in_another_order_are_sorted_by_index(bench: Bench):
    server = bench.serve(Embeddings(spoil=lambda data: data[::-1]))

    vectors = bench.open(server).embed(TEXTS).vectors

    np.testing.assert_allclose(vectors, _true(server, TEXTS), atol=1e-6)


@pytest.mark.parametrize("most", [1, 7, 32])
def test_a_server_of_small_batches_gets_small_batches(bench: Bench, most: int):
    server = bench.serve(Embeddings(most_inputs=most))
    embedder = bench.open(server)

    vectors = embedder.embed(TEXTS).vectors

    np.testing.assert_allclose(vectors, _true(server, TEXTS), atol=1e-6)
    server.requests.clear()
    embedder.embed(TEXTS)  # what was learned stays
    assert all(len(request["input"]) <= most for request in server.requests)


def test_a_text_that_a_server_refuses_as_too_long_is_split_and_read_to_its_end(bench: Bench):
    server = bench.serve(Embeddings(context=50))
    long = [" ".join([*["river"] * 500, last]) for last in ("winter", "database")]

    embedded = bench.open(server).embed([*TEXTS[:5], *long])

    assert embedded.split == 2
    np.testing.assert_allclose(embedded.vectors[:5], _true(server, TEXTS[:5]), atol=1e-6)
    assert embedded.vectors[5].tobytes() != embedded.vectors[6].tobytes()
    assert np.all(np.sum(embedded.vectors[5:] * _true(server, long), axis=1) > 0.95)


def test_a_server_that_cuts_off_in_silence_is_found_out_and_given_less(bench: Bench):
    server = bench.serve(Embeddings(context=600, truncates=True))
    embedder = bench.open(server)
    long = ["river " * 900 + last * 100 for last in ("winter ", "database ")]
    embedder.embed(["a first contact"])
    server.requests.clear()

    embedded = embedder.embed(long)

    assert embedded.split == 2
    assert max(len(text.encode()) for text in server.inputs) <= 1_024
    assert max(len(text.split()) for text in server.inputs) <= server.context
    one, other = embedded.vectors
    assert float(one @ other) < 0.999
    words = " ".join(server.inputs).split()
    assert (words.count("winter"), words.count("database")) == (100, 100)


def test_a_model_that_gives_all_texts_one_vector_is_refused(bench: Bench):
    server = bench.serve(Embeddings(context=1, truncates=True))

    with pytest.raises(EmbedderFailed, match="is words an embedding model"):
        bench.open(server).embed(["a"])


def test_blank_texts_are_never_sent(bench: Bench):
    server = bench.serve(Embeddings())

    embedded = bench.open(server).embed(["", " \n", "word"])

    assert all(text.strip() for text in server.inputs)
    np.testing.assert_allclose(embedded.vectors[0], server.vector(NOTHING), atol=1e-6)
    assert embedded.vectors[0].tobytes() == embedded.vectors[1].tobytes()


@pytest.mark.parametrize(("spoil", "said"), SPOILT, ids=range(len(SPOILT)))
def test_an_answer_that_breaks_the_contract_is_refused_whole(bench: Bench, spoil: Spoil, said: str):
    server = bench.serve(Embeddings())
    embedder = bench.open(server)
    embedder.embed(["a first contact"])
    server.spoil = spoil

    with pytest.raises(EmbedderFailed, match=said):
        embedder.embed(TEXTS[:10])


@pytest.mark.parametrize(
    "fault",
    [
        Fault(500, b"oops"),
        Fault(502, b"<html>Bad gateway</html>", {"content-type": "text/html"}),
        Fault(200, b"<html>Sign in</html>", {"content-type": "text/html"}),
        Fault(200, b'{"object": "list", "data": [', cut=True),
    ],
    ids=["500", "502", "html", "half"],
)
def test_a_failure_that_passes_is_tried_again(bench: Bench, fault: Fault):
    server = bench.serve(Embeddings())
    embedder = bench.open(server)
    embedder.embed(["a first contact"])
    server.faults.append(fault)

    np.testing.assert_allclose(embedder.embed(TEXTS).vectors, _true(server, TEXTS), atol=1e-6)


def test_a_short_text_that_is_refused_is_named(bench: Bench):
    server = bench.serve(Embeddings(unmoved="forbidden"))
    embedder = bench.open(server)
    long = "a forbidden word " + "among others " * 20

    with pytest.raises(EmbedderFailed, match="is not allowed here") as failed:
        embedder.embed([*TEXTS, long])

    assert failed.value.text == long


def test_a_used_up_quota_is_said_at_once_and_not_waited_for(bench: Bench):
    server = bench.serve(Embeddings())
    embedder = bench.open(server)
    embedder.embed(["a first contact"])
    server.requests.clear()
    server.faults += [refusal(429, "You exceeded your quota", code="insufficient_quota")] * 5

    with pytest.raises(EmbedderFailed, match=r"insufficient_quota.*add credit"):
        embedder.embed(TEXTS)
    assert len(server.requests) == 1


def test_a_long_wait_is_told_as_such(bench: Bench):
    server = bench.serve(Embeddings())
    embedder = bench.open(server)
    embedder.embed(["a first contact"])
    limited = refusal(429, "Rate limit reached", code="rate_limit_exceeded")
    server.faults += [Fault(429, limited.body, {"x-ratelimit-reset-tokens": "6m0s"})] * 5

    with pytest.raises(RateLimited) as raised:
        embedder.embed(TEXTS)

    assert raised.value.retry_at is not None
    wait = raised.value.retry_at - datetime.now(UTC)
    assert timedelta(minutes=5, seconds=30) < wait < timedelta(minutes=6, seconds=30)


def test_a_wrong_key_is_named_and_never_shown(bench: Bench):
    server = bench.serve(Embeddings(key=KEY))

    with pytest.raises(EmbedderFailed, match="SYNC_ASSETS_OPENAI_API_KEY") as failed:
        bench.open(server, openai_api_key=KEY + "-wrong").embed(["a"])

    causes: list[BaseException] = [failed.value]
    while cause := causes[-1].__cause__:
        causes.append(cause)
    assert KEY not in "".join(f"{cause!r} {cause}" for cause in causes)


def test_a_server_that_echoes_the_key_does_not_make_us_repeat_it(bench: Bench):
    server = bench.serve(Embeddings(key=KEY))
    server.faults.append(refusal(404, f"no model for {KEY}"))

    with pytest.raises(EmbedderFailed, match="SYNC_ASSETS_OPENAI_MODEL") as failed:
        bench.open(server).embed(["a"])
    assert KEY not in str(failed.value)


def test_a_server_that_takes_no_dimensions_is_named_as_such(bench: Bench):
    server = bench.serve(Embeddings(takes_dimensions=False))

    with pytest.raises(EmbedderFailed, match="unset SYNC_ASSETS_OPENAI_DIMENSIONS"):
        bench.open(server, openai_dimensions=8).embed(["a"])
    assert len(server.requests) == 1


def test_other_dimensions_than_before_are_refused(bench: Bench):
    server = bench.serve(Embeddings())
    embedder = bench.open(server)
    embedder.embed(["a"])
    server.dimensions = 48

    with pytest.raises(FingerprintMismatch, match="48 dimensions where 32"):
        embedder.embed(["b"])


def test_a_model_may_move_to_another_host_and_another_model_may_not(bench: Bench):
    first = bench.serve(Embeddings())
    bench.open(first).embed(["a"])
    moved, impostor = bench.serve(Embeddings()), bench.serve(Embeddings(model="other"))

    assert bench.open(moved).embed(["a"]).vectors.shape == (1, 32)
    with pytest.raises(FingerprintMismatch, match="Another model answers as words"):
        bench.open(impostor).embed(["a"])


def test_what_was_embedded_before_an_outage_is_not_paid_for_again(bench: Bench):
    server = bench.serve(Embeddings(most_inputs=300))
    embedder = bench.open(server)
    cache = bench.stores[-1].vectors
    texts = [f"{number} " + "word " * 1_000 for number in range(120)]
    pairs = [(digest(text), text) for text in texts]
    embedder.embed(["a first contact"])
    server.requests.clear()
    done: list[int] = []

    def then_quota_ends(count: int) -> None:
        done.append(count)
        server.faults.extend([refusal(429, "", code="insufficient_quota")] * bool(count))

    with pytest.raises(EmbedderFailed):
        embed_texts(embedder, cache, pairs, {}, then_quota_ends)
    assert 0 < sum(done) < len(texts)

    result = embed_texts(embedder, cache, pairs, {})
    assert (result.reused_cache, result.embedded) == (sum(done), len(texts) - sum(done))


@given(st.lists(st.integers(1, 400_000), max_size=40), st.integers(0, 5_000))
@limits(max_examples=30, deadline=None)
def test_batches_hold_every_text_once_within_openais_limits(lengths: list[int], short: int):
    texts = ["x" * length for length in lengths] + ["short"] * short
    made = list(batches(texts))

    assert [text for batch in made for text in batch] == texts
    for batch in made:
        assert len(batch) <= MOST_INPUTS
        tokens = sum(len(text) // BYTES_A_TOKEN + 1 for text in batch)
        assert len(batch) == 1 or tokens <= MOST_TOKENS


@given(st.text(max_size=400), st.integers(4, 64))
def test_pieces_hold_every_character_that_is_not_blank(text: str, most: int):
    made = pieces(text, most)

    assert [each for piece in made for each in piece if not each.isspace()] == [
        each for each in text if not each.isspace()
    ]
    assert all(len(piece.encode()) <= most for piece in made)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360),
        ("12ms", 0.012),
        ("1h2m3.5s", 3_723.5),
        ("1d", 86_400),
        ("", None),
        ("6", None),
    ],
)
def test_durations_read_as_openai_writes_them(text: str, seconds: float | None):
    found = duration(text)
    assert (found.total_seconds() if found else None) == seconds


def test_what_a_server_tells_of_its_limits_is_a_budget_of_all_processes(bench: Bench):
    told = {"limit": "150000", "remaining": "149000", "reset": "6m0s"}
    headers = {f"x-ratelimit-{name}-tokens": value for name, value in told.items()}
    bench.open(bench.serve(Embeddings(headers=headers))).embed(["a"])
    bench.stores[-1].http.close()

    [(key, budget)] = bench.stores[-1].budgets.all()
    assert (key.resource, budget.limit, budget.remaining) == ("tokens", 150_000, 149_000)


def test_rate_headers_are_a_budget_of_tokens():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    headers = {
        "x-ratelimit-limit-tokens": "1000000",
        "x-ratelimit-remaining-tokens": "999000",
        "x-ratelimit-reset-tokens": "60ms",
        "content-type": "application/json",
    }
    request = httpx.Request("POST", "https://api.openai.com/v1/embeddings", content=b"x" * 300)
    reading = OpenAIDialect().budget(httpx.Response(200, headers=headers, request=request), now)

    assert reading is not None
    assert (reading.resource, reading.limit, reading.remaining) == ("tokens", 1_000_000, 999_000)
    assert reading.reset_at == now + timedelta(milliseconds=60)
    assert OpenAIDialect().cost(request) == 101
    assert OpenAIDialect().budget(httpx.Response(200, request=request), now) is None
