import os
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import (
    Column,
    Connection,
    Insert,
    MetaData,
    String,
    Table,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)

from sync_assets.control.database import ControlDatabase, open_database
from sync_assets.control.registry import Registry
from sync_assets.control.schema import (
    REVISION,
    VERSION_TABLE,
    approvals,
    cursors,
    instance,
    leases,
    metadata,
    sources,
)
from sync_assets.errors import InvalidSettings, NewerSchema, StoreUnavailable, UnknownSource
from sync_assets.models import Source
from sync_assets.settings import Settings
from sync_assets_tests.fakes import FakeClock

VERSION = Table(VERSION_TABLE, MetaData(), Column("version_num", String))


def a_lease(expires_at: datetime) -> Insert:
    return insert(leases).values(name="a", token=1, seconds=1.0, expires_at=expires_at)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a HOME that is not there yet."""
    return Settings(home=tmp_path / "home", embedder="hash")


def test_the_migrated_schema_is_the_declared_one(database: ControlDatabase):
    with database.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, metadata) == []
        stored = inspect(connection)
        for table in metadata.sorted_tables:
            key = stored.get_pk_constraint(table.name)["constrained_columns"]
            assert sorted(key) == sorted(column.name for column in table.primary_key)
            owners = [str(key) for key in stored.get_foreign_keys(table.name)]
            assert all("'ondelete': 'CASCADE'" in key for key in owners)
            assert len(owners) == len(table.foreign_keys)


def test_a_fresh_install_and_a_reopened_database_are_at_the_head(
    either: Settings, database: ControlDatabase
):
    from alembic.script import ScriptDirectory

    import sync_assets.control.migrations as package

    scripts = ScriptDirectory(str(Path(str(package.__file__)).parent))
    assert scripts.get_current_head() == REVISION
    with closing(open_database(either)) as again:
        assert again.instance_id == database.instance_id


def test_opening_an_up_to_date_database_does_not_load_alembic(settings: Settings, tmp_path: Path):
    open_database(settings).close()
    code = (
        "import sys; from pathlib import Path; from sync_assets.settings import Settings;"
        "from sync_assets.control.database import open_database;"
        "open_database(Settings(home=Path(sys.argv[1]))); print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(settings.home)],
        check=True, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout == "False\n"


def test_processes_that_start_at_once_migrate_once(either: Settings):
    code = (
        "import sys; from pathlib import Path; from pydantic import SecretStr;"
        "from sync_assets.settings import Settings;"
        "from sync_assets.control.database import open_database;"
        "settings = Settings(home=Path(sys.argv[1]), database_url=SecretStr(sys.argv[2]));"
        "print('ready', flush=True); sys.stdin.readline();"
        "print(open_database(settings).instance_id)"
    )
    arguments = [str(either.home), either.database_url.get_secret_value()]
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    results = [process.communicate(timeout=60) for process in processes]

    assert [errors for _, errors in results] == ["", "", ""]
    assert len({identity for identity, _ in results}) == 1
    with closing(open_database(either)) as database, database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(instance)) == 1


def test_a_newer_schema_is_refused_and_left_alone(either: Settings, database: ControlDatabase):
    with database.write() as connection:
        connection.execute(update(VERSION).values(version_num="9999"))

    with pytest.raises(NewerSchema, match=r"has schema 9999, .* knows \d{4}: upgrade it"):
        open_database(either)

    with database.read() as connection:
        assert connection.scalar(select(VERSION.c.version_num)) == "9999"


def test_another_programs_alembic_table_does_not_disturb(either: Settings):
    # Dagster's storage may share the Postgres database and keeps its revision there.
    with closing(open_database(either)) as database:
        with database.write() as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
            connection.execute(text("INSERT INTO alembic_version VALUES ('16e3655b4d9b')"))
        first = database.instance_id
    with closing(open_database(either)) as database:
        assert database.instance_id == first


def test_a_migration_that_dies_half_way_leaves_nothing(either: Settings):
    with closing(open_database(either)) as database:
        tables = [table.name for table in metadata.sorted_tables]
        with database.write() as connection:
            for name in reversed([*tables, VERSION_TABLE]):
                connection.execute(text(f"DROP TABLE {name}"))
            connection.execute(text("CREATE TABLE leases (in_the_way TEXT)"))  # the last created

        with pytest.raises(Exception, match="leases"):
            open_database(either)
        with database.write() as connection:
            assert inspect(connection).get_table_names() == ["leases"]
            connection.execute(text("DROP TABLE leases"))

    with closing(open_database(either)) as database:
        assert database.instance_id


def test_times_come_back_aware_and_equal(database: ControlDatabase):
    moment = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-7)))
    with database.write() as connection:
        connection.execute(a_lease(moment))
    with database.read() as connection:
        later = leases.c.expires_at > moment - timedelta(microseconds=1)
        stored = connection.scalar(select(leases.c.expires_at).where(later))
    assert stored == moment
    assert stored is not None
    assert stored.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(database: ControlDatabase):
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the mistake under test
    with pytest.raises(Exception, match="has no time zone"), database.write() as connection:
        connection.execute(a_lease(naive))


def test_an_error_rolls_the_whole_transaction_back(database: ControlDatabase, clock: FakeClock):
    def fail_half_way(connection: Connection) -> None:
        connection.execute(a_lease(clock()))
        raise LookupError

    with pytest.raises(LookupError), database.write() as connection:
        fail_half_way(connection)
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(leases)) == 0


def test_a_read_sees_one_state_and_cannot_write(database: ControlDatabase, clock: FakeClock):
    count = select(func.count()).select_from(leases)
    with database.read() as reader:
        assert reader.scalar(count) == 0
        with database.write() as writer:
            writer.execute(a_lease(clock()))
        assert reader.scalar(count) == 0
    with pytest.raises(StoreUnavailable, match="read-only"), database.read() as reader:
        reader.execute(a_lease(clock()))
    with database.read() as reader:
        assert reader.scalar(count) == 1


def test_removing_a_source_takes_its_rows_everywhere(
    database: ControlDatabase, registry: Registry, source: Source, clock: FakeClock
):
    registry.request_sync(source.source_id, "full", "test")
    with database.write() as connection:
        connection.execute(insert(cursors).values(source_id=source.source_id, stream="files"))
        connection.execute(
            insert(approvals).values(
                source_id=source.source_id, stream="files", digest="d", total=1, proposed=1,
                sample_keys=[], state="held", created_at=clock(),
            )
        )  # fmt: skip
    registry.delete(source.source_id)
    registry.delete(source.source_id)
    with database.read() as connection:
        for table in metadata.sorted_tables:
            if table.foreign_keys or table is sources:
                assert connection.scalar(select(func.count()).select_from(table)) == 0


def test_a_row_of_a_source_that_is_gone_is_refused_by_name(database: ControlDatabase):
    with pytest.raises(UnknownSource, match="removed meanwhile"), database.write() as connection:
        connection.execute(insert(cursors).values(source_id="github:a/b", stream="files"))


def test_a_writer_that_is_waited_for_in_vain_is_reported(either: Settings, clock: FakeClock):
    with (
        closing(open_database(either)) as first,
        closing(open_database(either, busy_seconds=0.2)) as second,
        first.write() as writer,
    ):
        writer.execute(a_lease(clock()))
        with (
            pytest.raises(StoreUnavailable, match="is locked by another process: end the one"),
            second.write() as late,
        ):
            late.execute(a_lease(clock()))
        with second.read() as reader:  # readers are not kept out
            assert reader.scalar(select(func.count()).select_from(leases)) == 0


def test_sqlite_is_durable_checked_and_private(settings: Settings):
    with closing(open_database(settings)) as database, database.write() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        values = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
        assert values == ["wal", 2, 1]
        assert settings.home.stat().st_mode & 0o777 == 0o700
        for file in settings.home.iterdir():
            assert file.stat().st_mode & 0o777 == 0o600


def test_a_folder_where_the_file_should_be_is_reported(settings: Settings):
    (settings.home / "control.db").mkdir(parents=True)
    with pytest.raises(StoreUnavailable, match="cannot be opened: its folder must exist"):
        open_database(settings)


def test_a_file_where_the_folder_should_be_is_reported(tmp_path: Path):
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StoreUnavailable, match=r"cannot be created .*SYNC_ASSETS_HOME"):
        open_database(Settings(home=tmp_path / "home"))


@contextmanager
def as_another_user() -> Generator[None]:
    """Root is stopped by no permission."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("read_only", ["file", "folder"])
def test_what_is_read_only_is_reported(read_only: str):
    with TemporaryDirectory() as name:  # pytest's folders may be entered by their owner alone
        folder = Path(name)
        settings = Settings(home=folder / "home")
        open_database(settings).close()
        folder.chmod(0o755)
        settings.home.chmod(0o777 if read_only == "file" else 0o555)
        (settings.home / "control.db").chmod(0o444 if read_only == "file" else 0o666)
        with (
            as_another_user(),
            pytest.raises(StoreUnavailable, match=r"make the file .* writable|its folder must"),
            closing(open_database(settings)) as database,
        ):
            Registry(database).add("github", "owner/name", {}, "* * * * *")


@pytest.mark.parametrize("name", ["a b", "50%41", "what?", "#1", "o@p:q", "\u00fc"])
def test_a_home_of_any_name_holds_its_file(tmp_path: Path, name: str):
    open_database(Settings(home=tmp_path / name)).close()
    assert (tmp_path / name / "control.db").stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir() if path.name != "cwd"] == [name]


def test_a_file_that_is_no_database_is_reported(settings: Settings):
    settings.home.mkdir()
    (settings.home / "control.db").write_text("no database " * 100)
    with pytest.raises(StoreUnavailable, match="is not a SQLite file"):
        open_database(settings)


def test_a_damaged_file_is_reported(settings: Settings):
    open_database(settings).close()
    path = settings.home / "control.db"
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = b"\xff" * (len(damaged) - 4096)
    path.write_bytes(damaged)
    with pytest.raises(StoreUnavailable, match="is damaged"):
        open_database(settings)


def test_a_full_disk_is_reported(settings: Settings, clock: FakeClock):
    def fill(database: ControlDatabase) -> None:
        with database.write() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            big = insert(instance).values(instance_id="x" * 100_000, created_at=clock())
            connection.execute(big)

    with (
        closing(open_database(settings)) as database,
        pytest.raises(StoreUnavailable, match="cannot grow: free the disk"),
    ):
        fill(database)


def test_a_server_that_is_not_there_is_reported_without_the_password(tmp_path: Path):
    url = SecretStr("postgresql://someone:hunter2@127.0.0.1:1/control")
    with pytest.raises(StoreUnavailable) as caught:
        open_database(Settings(home=tmp_path, database_url=url))
    assert str(caught.value) == (
        "The control database 127.0.0.1/control cannot be reached or refuses us: check that it"
        " runs, and the host, name, user and password in SYNC_ASSETS_DATABASE_URL"
    )


def test_a_database_that_does_not_exist_is_reported(postgres_settings: Settings):
    url = postgres_settings.database_url.get_secret_value().replace("/postgres?", "/nowhere?")
    with pytest.raises(StoreUnavailable, match=r"check .* the host, name"):
        open_database(Settings(home=postgres_settings.home, database_url=SecretStr(url)))


def test_a_lost_connection_is_reported_and_heals(postgres_settings: Settings):
    with (
        closing(open_database(postgres_settings)) as database,
        closing(open_database(postgres_settings)) as other,
    ):

        def lose_the_connection() -> None:
            with database.read() as connection, other.read() as killer:
                mine = connection.scalar(select(func.pg_backend_pid()))
                killer.execute(select(func.pg_terminate_backend(mine, 5_000)))  # and wait for it
                connection.execute(select(1))

        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            lose_the_connection()
        with database.read() as connection:
            assert connection.scalar(select(1)) == 1


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:hunt/er2@x@host/db",
        "postgresql://user:hunter2@x@host/db",
        "postgresql://user:hunter2@host:port/db",
        "postgresql://us/er:hunter2@host/db",
        "postgresql://user:hunter2@host",
        "mysql://user:hunter2@host/db",
        "hunter2",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_a_malformed_url_is_reported_without_its_secrets(tmp_path: Path, url: str):
    with pytest.raises(InvalidSettings, match="SYNC_ASSETS_DATABASE_URL must read") as caught:
        open_database(Settings(home=tmp_path, database_url=SecretStr(url)))
    assert "hunt" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_writers_of_several_processes_all_get_through(settings: Settings):
    open_database(settings).close()
    code = (
        "import sys; from pathlib import Path; from sync_assets.settings import Settings;"
        "from sync_assets.control.database import open_database;"
        "from sync_assets.control.registry import Registry;"
        "registry = Registry(open_database(Settings(home=Path(sys.argv[1]))));"
        "[registry.add('github', f'{sys.argv[2]}/{n}', {}, '* * * * *') for n in range(25)]"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(settings.home), str(worker)])
        for worker in range(3)
    ]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    with closing(open_database(settings)) as database:
        assert len(Registry(database).all()) == 75
    with closing(sqlite3.connect(settings.home / "control.db")) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
