"""Sources, their cursors, failures and approvals, requests for syncs, and leases."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _of_a_source(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["source_id"],
        ["sources.source_id"],
        name=f"fk_{table}_source_id",
        ondelete="CASCADE",
    )


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "instance",
        _text("instance_id"),
        _time("created_at"),
        sa.PrimaryKeyConstraint("instance_id", name="pk_instance"),
    )
    op.create_table(
        "sources",
        _text("source_id"),
        _text("connector"),
        _text("scope"),
        _text("identity"),
        sa.Column("settings", sa.JSON, nullable=False),
        _text("cron"),
        _text("status"),
        _integer("generation"),
        _time("created_at"),
        _time("last_sync_at", nullable=True),
        _time("last_success_at", nullable=True),
        _text("last_error", nullable=True),
        _integer("failures_in_a_row"),
        sa.PrimaryKeyConstraint("source_id", name="pk_sources"),
        sa.UniqueConstraint("identity", name="uq_sources_identity"),
        sa.UniqueConstraint("connector", "scope", name="uq_sources_connector_scope"),
    )
    op.create_table(
        "sync_requests",
        _integer("request_id"),
        _text("source_id"),
        _text("mode"),
        _time("requested_at"),
        _text("requested_by"),
        _text("run_key"),
        _time("launched_at", nullable=True),
        sa.PrimaryKeyConstraint("request_id", name="pk_sync_requests"),
        sa.UniqueConstraint("run_key", name="uq_sync_requests_run_key"),
        _of_a_source("sync_requests"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sync_requests_launched_at", "sync_requests", ["launched_at"])
    op.create_table(
        "cursors",
        _text("source_id"),
        _text("stream"),
        _text("watermark", nullable=True),
        _text("basis", nullable=True),
        _time("indexed_at", nullable=True),
        _text("listed_watermark", nullable=True),
        _time("listed_at", nullable=True),
        _time("verified_at", nullable=True),
        sa.PrimaryKeyConstraint("source_id", "stream", name="pk_cursors"),
        _of_a_source("cursors"),
    )
    op.create_table(
        "failures",
        _text("source_id"),
        _text("stream"),
        _text("document_id"),
        _text("key"),
        _text("version"),
        _text("error"),
        _text("message"),
        _integer("attempts"),
        _time("first_at"),
        _time("last_at"),
        _time("next_try_at"),
        sa.PrimaryKeyConstraint("source_id", "stream", "document_id", name="pk_failures"),
        _of_a_source("failures"),
    )
    op.create_index("ix_failures_document_id", "failures", ["document_id"])
    op.create_index("ix_failures_next_try_at", "failures", ["next_try_at"])
    op.create_table(
        "approvals",
        _integer("approval_id"),
        _text("source_id"),
        _text("stream"),
        _text("digest"),
        _integer("total"),
        _integer("proposed"),
        sa.Column("sample_keys", sa.JSON, nullable=False),
        _text("state"),
        _time("created_at"),
        _time("decided_at", nullable=True),
        sa.PrimaryKeyConstraint("approval_id", name="pk_approvals"),
        _of_a_source("approvals"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_approvals_source_id_stream", "approvals", ["source_id", "stream"])
    op.create_table(
        "leases",
        _text("name"),
        sa.Column("token", sa.BigInteger, nullable=False),
        _text("holder", nullable=True),
        sa.Column("seconds", sa.Float, nullable=False),
        _time("expires_at"),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
