"""The tables of the control database; `migrations` creates them, a test holds the two equal."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

REVISION = "0007"
"""The newest migration. Revisions are numbered, so that a larger one is a newer release's."""

VERSION_TABLE = "sync_assets_version"
"""Not Alembic's default name: Dagster's storage may share the Postgres database and uses that."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def readable(text: str) -> str:
    """The text without what no database can hold: NUL, and half of a surrogate pair."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC in, aware UTC out; SQLite, which keeps no zone, stores UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ReadableText(TypeDecorator[str]):
    """Text for people; see `readable`."""

    impl = Text
    cache_ok = True

    def process_bind_param(
        self,
        value: str | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> str | None:
        return None if value is None else readable(value)


def _source_id(*, primary_key: bool = False) -> Column[str]:
    """Removing a source takes its rows in every table with it."""
    owner = ForeignKey("sources.source_id", ondelete="CASCADE")
    return Column("source_id", Text, owner, primary_key=primary_key, nullable=False)


instance = Table(
    "instance",
    metadata,
    Column("instance_id", Text, primary_key=True),
    Column("created_at", UtcTime, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("source_id", Text, primary_key=True),
    Column("connector", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("identity", Text, nullable=False, unique=True),
    Column("settings", JSON, nullable=False),
    Column("cron", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("last_sync_at", UtcTime),
    Column("last_success_at", UtcTime),
    Column("last_error", ReadableText),
    Column("failures_in_a_row", Integer, nullable=False),
    Column("next_try_at", UtcTime),
    UniqueConstraint("connector", "scope"),
)

sync_requests = Table(
    "sync_requests",
    metadata,
    Column("request_id", Integer, primary_key=True),
    _source_id(),
    Column("mode", Text, nullable=False),
    Column("requested_at", UtcTime, nullable=False),
    Column("requested_by", ReadableText, nullable=False),
    Column("run_key", Text, nullable=False, unique=True),
    Column("launched_at", UtcTime),
    Index("ix_sync_requests_launched_at", "launched_at"),
    sqlite_autoincrement=True,
)

cursors = Table(
    "cursors",
    metadata,
    _source_id(primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("watermark", Text),
    Column("basis", Text),
    Column("indexed_at", UtcTime),
    Column("listed_watermark", Text),
    Column("listed_at", UtcTime),
    Column("verified_at", UtcTime),
    Column("swept_at", UtcTime),
    Column("sweep_due_at", UtcTime),
    Column("deferred_until", UtcTime),
    Column("deferred_because", ReadableText),
)

pending_listings = Table(
    "pending_listings",
    metadata,
    _source_id(primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("payload", LargeBinary, nullable=False),
)

learned_sizes = Table(
    "learned_sizes",
    metadata,
    _source_id(primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("learned_at", UtcTime, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    _source_id(primary_key=True),
    Column("event", Text, nullable=False),
    Column("message", ReadableText, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("told", JSON, nullable=False),
)

alert_channels = Table(
    "alert_channels",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("next_at", UtcTime, nullable=False),
    Column("failures_in_a_row", Integer, nullable=False),
)

failures = Table(
    "failures",
    metadata,
    _source_id(primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("document_id", Text, primary_key=True),
    Column("key", ReadableText, nullable=False),
    Column("version", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("message", ReadableText, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("next_try_at", UtcTime, nullable=False),
    Index("ix_failures_document_id", "document_id"),
    Index("ix_failures_next_try_at", "next_try_at"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("approval_id", Integer, primary_key=True),
    _source_id(),
    Column("stream", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("total", Integer, nullable=False),
    Column("proposed", Integer, nullable=False),
    Column("sample_keys", JSON, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("decided_at", UtcTime),
    Index("ix_approvals_source_id_stream", "source_id", "stream"),
    sqlite_autoincrement=True,  # an operator's `approve 3` never means another one
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("token", BigInteger, nullable=False),
    Column("holder", ReadableText),
    Column("seconds", Float, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("connector", Text, nullable=False),
    Column("delivery_id", ReadableText, nullable=False),
    _source_id(),
    Column("kind", ReadableText, nullable=False),
    Column("streams", JSON, nullable=False),
    Column("subject", ReadableText, nullable=False),
    Column("hints", JSON, nullable=False),
    Column("sweep", Boolean, nullable=False),
    Column("ends", ReadableText),
    Column("renamed_to", ReadableText),
    Column("event_at", UtcTime),
    Column("received_at", UtcTime, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", ReadableText),
    Column("run_key", Text),
    Column("run_id", Text),
    Column("attempts", Integer, nullable=False),
    Column("done_at", UtcTime),
    UniqueConstraint("connector", "delivery_id", "source_id"),
    Index("ix_deliveries_state_source_id", "state", "source_id"),
    Index("ix_deliveries_done_at", "done_at"),
    sqlite_autoincrement=True,  # a number that was seen never means another one
)

hooks = Table(
    "hooks",
    metadata,
    _source_id(primary_key=True),
    Column("state", Text, nullable=False),
    Column("problem", ReadableText),
    Column("hook", BigInteger),
    Column("checked_at", UtcTime, nullable=False),
    Column("read_until", UtcTime),
    Column("redelivered", Integer, nullable=False),
    Column("given_up", Integer, nullable=False),
)

handshakes = Table(
    "handshakes",
    metadata,
    Column("connector", Text, primary_key=True),
    Column("closes_at", UtcTime, nullable=False),
    Column("accepted_at", UtcTime),
)

budgets = Table(
    "budgets",
    metadata,
    Column("host", Text, primary_key=True),
    Column("credential", Text, primary_key=True),
    Column("resource", Text, primary_key=True),
    Column("limit_points", Integer),
    Column("remaining", Integer),
    Column("reset_at", UtcTime),
    Column("answered", Boolean, nullable=False),
    Column("spent", Integer, nullable=False),
    Column("blocked_until", UtcTime),
    Column("refusals", Integer, nullable=False),
    Column("waiting_until", UtcTime),
    Column("grants", JSON, nullable=False),
    Column("lately", JSON, nullable=False),
)
