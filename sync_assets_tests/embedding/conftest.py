"""The local model, loaded once for all tests, and the cache on both databases."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from sync_assets.embedding.cache import VectorCache, open_cache
from sync_assets.embedding.local import LocalEmbedder
from sync_assets.settings import Settings


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> LocalEmbedder:
    return LocalEmbedder(home=tmp_path_factory.mktemp("home"))


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest) -> Settings:
    """Settings that name an empty database, once of each kind."""
    name = "settings" if request.param == "sqlite" else "postgres_settings"
    return request.getfixturevalue(name)


@pytest.fixture
def cache(either: Settings) -> Iterator[VectorCache]:
    with closing(open_cache(either)) as cache:
        yield cache
