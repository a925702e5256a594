"""Brings the control database to this release's schema, one process and thread at a time."""

import threading
import uuid
from datetime import datetime

from sqlalchemy import Column, Connection, MetaData, String, Table, func, inspect, select

from sync_assets.control.schema import REVISION, VERSION_TABLE, instance
from sync_assets.errors import NewerSchema

_ADVISORY_LOCK = 0x73796E635F617373  # any number that no other program takes: "sync_ass"
_version = Table(VERSION_TABLE, MetaData(), Column("version_num", String))  # Alembic's own
_alembic_is_global = threading.Lock()


def is_current(connection: Connection, place: str) -> bool:
    """Whether nothing is to be done; NewerSchema where a newer release wrote it."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return False
    stored = connection.scalar(select(_version.c.version_num))
    if stored is not None and stored > REVISION:
        raise NewerSchema(
            f"{place} has schema {stored}, this release of sync_assets knows {REVISION}: upgrade it"
        )
    return stored == REVISION


def upgrade(connection: Connection, place: str, now: datetime) -> None:
    """Migrate inside the caller's write transaction: all of it or nothing.

    SQLite's write lock already keeps others out; Postgres needs the advisory lock.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
    if is_current(connection, place):
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "sync_assets.control:migrations")
    config.attributes["connection"] = connection
    with _alembic_is_global:
        command.upgrade(config, "head")
    if connection.scalar(select(instance.c.instance_id)) is None:
        connection.execute(instance.insert().values(instance_id=uuid.uuid4().hex, created_at=now))
