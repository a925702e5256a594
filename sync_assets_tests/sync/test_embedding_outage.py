"""An embedding server that fails: nothing leaves the index, and what was paid for is kept."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from sync_assets.errors import EmbedderFailed, FingerprintMismatch
from sync_assets.search import search
from sync_assets.settings import Settings
from sync_assets.stores import open_stores
from sync_assets.sync.removal import remove_source
from sync_assets_tests.embedding.servers import Embeddings, refusal, serving
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.toy import Toy, ToyConnector


@pytest.fixture
def server() -> Iterator[Embeddings]:
    with serving(Embeddings()) as server:
        yield server


def _settings(settings: Settings, server: Embeddings, **changes: object) -> Settings:
    named = {"embedder": "openai", "openai_base_url": server.url, "openai_model": "words"}
    return Settings.model_validate({"home": settings.home, **named, **changes})


@pytest.fixture
def served(settings: Settings, server: Embeddings, clock: FakeClock) -> Iterator[Toy]:
    """A toy whose notes are embedded by the server."""
    with closing(open_stores(_settings(settings, server), clock=clock)) as stores:
        source = stores.registry.add("toy", "desk", {}, "*/15 * * * *")
        yield Toy.with_notes(stores, source, clock)


def test_an_embedding_outage_removes_nothing_and_the_next_sync_makes_good(
    served: Toy, server: Embeddings
):
    served.sync()
    before = served.versions()["chunks"]
    served.world.notes |= {"a": "three fish", "d": "blue fish"}
    del served.world.notes["b"]
    server.faults.extend([refusal(429, "used up", code="insufficient_quota")] * 9)

    with pytest.raises(EmbedderFailed, match="insufficient_quota"):
        served.sync()
    assert served.versions()["chunks"] == before  # all that search reads

    server.faults.clear()
    served.sync()
    assert served.differences() == []


def test_the_document_whose_text_is_refused_is_named(served: Toy, server: Embeddings):
    server.unmoved = "red"

    with pytest.raises(EmbedderFailed, match=r"^c: .*not allowed here"):
        served.sync()


def test_what_is_embedded_by_a_server_is_found(served: Toy):
    served.sync()

    hits = search(served.stores, "red fish", mode="vector").hits

    assert hits[0].text == "red fish"


def test_another_model_is_refused_and_told_what_to_do(
    served: Toy, settings: Settings, server: Embeddings, clock: FakeClock
):
    served.sync()
    with closing(open_stores(_settings(settings, server, openai_model="other"))) as stores:
        toy = Toy(stores, served.source, served.world, clock)
        toy.world.notes["a"] = "changed"
        with pytest.raises(FingerprintMismatch, match="SYNC_ASSETS_OPENAI_"):
            toy.sync()
        with pytest.raises(FingerprintMismatch, match="SYNC_ASSETS_OPENAI_"):
            search(stores, "fish")


def test_a_source_is_removed_without_asking_the_embedding_server(
    served: Toy, server: Embeddings, clock: FakeClock
):
    server.faults.extend([refusal(500, "down")] * 9)
    with pytest.raises(EmbedderFailed):
        served.sync()
    asked = len(server.requests)

    remove_source(served.stores, served.source, ToyConnector(served.world))

    assert len(server.requests) == asked
