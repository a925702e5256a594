"""The control database: SQLite in one file, or Postgres, through the same SQLAlchemy Core code."""

import os
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from sync_assets.control.outages import explain
from sync_assets.control.schema import instance
from sync_assets.control.upgrade import is_current, upgrade
from sync_assets.errors import InvalidSettings, StoreUnavailable
from sync_assets.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

Clock = Callable[[], datetime]
"""The time now, aware UTC."""

BUSY_SECONDS = 30.0
"""How long a write waits for another process's."""


def utc_now() -> datetime:
    """The default clock."""
    return datetime.now(UTC)


class ControlDatabase:
    """Transactions on the control database. Safe from several threads; end with `close`.

    `place` names it in messages, without credentials.
    """

    def __init__(self, engine: Engine, place: str) -> None:
        self.place = place
        self._engine = engine
        self._readers = engine.execution_options(read_only=True)

    @contextmanager
    def read(self) -> Generator[Connection]:
        """One consistent view; a write inside fails. Raises StoreUnavailable."""
        with self._explained(), self._readers.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Generator[Connection]:
        """One transaction, committed at the end unless an error leaves the block.

        Raises StoreUnavailable, and UnknownSource for a row of a source that is gone.
        """
        with self._explained(), self._engine.begin() as connection:
            yield connection

    @cached_property
    def instance_id(self) -> str:
        """32 hex digits, drawn when the database was created: the owner of an index."""
        with self.read() as connection:
            return connection.execute(select(instance.c.instance_id)).scalar_one()

    def close(self) -> None:
        """Close the idle connections."""
        self._engine.dispose()

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            explained = explain(error, self.place)
            if explained is None:
                raise
            raise explained from error


def open_database(
    settings: Settings, clock: Clock = utc_now, *, busy_seconds: float = BUSY_SECONDS
) -> ControlDatabase:
    """Open, after creating or migrating where needed. Several processes may do so at once.

    Raises StoreUnavailable, NewerSchema, and InvalidSettings for a malformed URL.
    """
    url = _parse(settings.database_url.get_secret_value())
    if url.get_backend_name() == "sqlite":
        _make_file(Path(str(url.database)))
        engine, place = _sqlite(url, busy_seconds), url.database
    else:
        host = url.host or url.query.get("host", "localhost")
        engine, place = _postgres(url, busy_seconds), f"{host}/{url.database}"
    database = ControlDatabase(engine, f"The control database {place}")
    try:
        with database.read() as connection:
            current = is_current(connection, database.place)
        if not current:
            with database.write() as connection:
                upgrade(connection, database.place, clock())
    except BaseException:
        database.close()
        raise
    return database


def insert_into(connection: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT with the `on_conflict_*` clauses, which both databases spell alike."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # an import that SQLite need not wait for

    return postgresql.insert(table)


def insert_new(connection: Connection, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows, values in the order of the columns; those whose key is there stay as they are.

    SQLite's driver gets them as they are, which costs half of what binding them in Python does;
    Postgres's would make a round trip for each.
    """
    statement = insert_into(connection, table).on_conflict_do_nothing()
    if connection.dialect.name == "sqlite":
        compiled = statement.compile(dialect=connection.dialect)
        connection.exec_driver_sql(str(compiled), [*rows])
    else:
        names = table.columns.keys()
        connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])


def _parse(text: str) -> URL:
    """The URL with its driver; what is malformed is never repeated, it may hold the password."""
    kind, _, path = text.partition(":///")
    if kind == "sqlite" and path and path != ":memory:":
        # Not by SQLAlchemy, which would cut a folder's name at a question mark.
        return URL.create("sqlite", database=str(Path(path).absolute()))
    malformed = InvalidSettings(
        "SYNC_ASSETS_DATABASE_URL must read sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME,"
        " with special characters of the password percent-encoded"
    )
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise malformed from None
    if url.drivername in {"postgres", "postgresql"}:
        # SQLAlchemy 2.1 would take psycopg 3; dagster-postgres brings psycopg2.
        url = url.set(drivername="postgresql+psycopg2")
    misplaced = "@" in f"{url.host}{url.database}"  # a password was taken for a part of these
    if url.drivername != "postgresql+psycopg2" or not url.database or misplaced:
        raise malformed
    return url


def _make_file(path: Path) -> None:
    """Let there be a file, and a private one: it holds the names of private repositories."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreUnavailable(
            f"The control database {path} cannot be created ({error.strerror}):"
            " set SYNC_ASSETS_HOME to a folder that can be written"
        ) from error


def _sqlite(url: URL, busy_seconds: float) -> Engine:
    engine = create_engine(url, connect_args={"timeout": busy_seconds}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _(raw: SqliteConnection, _record: object) -> None:
        raw.isolation_level = None  # the driver's own BEGIN would come too late
        _to_wal(raw, busy_seconds)
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
        # A deferred transaction that turns writer fails at once where another one wrote meanwhile.
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _to_wal(raw: SqliteConnection, busy_seconds: float) -> None:
    """The first switch needs the file alone, and SQLite does not wait for that by itself."""
    until = time.monotonic() + busy_seconds
    while True:
        try:
            raw.execute("PRAGMA journal_mode = WAL")
        except raw.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _postgres(url: URL, busy_seconds: float) -> Engine:
    # A host that vanished is noticed in seconds, not after the kernel's quarter of an hour.
    limits = {"connect_timeout": 10, "tcp_user_timeout": 30_000}
    engine = create_engine(
        url,
        connect_args={name: limit for name, limit in limits.items() if name not in url.query},
        pool_pre_ping=True,
        hide_parameters=True,
    )

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        if connection.get_execution_options().get("read_only", False):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        else:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{round(busy_seconds * 1000)}ms'")

    return engine
