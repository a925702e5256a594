"""Every test of `control` runs on both databases."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from sync_assets.control.database import ControlDatabase, open_database
from sync_assets.control.registry import Registry
from sync_assets.models import Source
from sync_assets.settings import Settings
from sync_assets_tests.fakes import FakeClock


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest) -> Settings:
    """Settings that name an empty database, once of each kind."""
    name = "settings" if request.param == "sqlite" else "postgres_settings"
    return request.getfixturevalue(name)


@pytest.fixture
def database(either: Settings, clock: FakeClock) -> Iterator[ControlDatabase]:
    with closing(open_database(either, clock)) as database:
        yield database


@pytest.fixture
def registry(database: ControlDatabase, clock: FakeClock) -> Registry:
    return Registry(database, clock)


@pytest.fixture
def source(registry: Registry) -> Source:
    return registry.add("github", "owner/name", {}, "*/15 * * * *")
