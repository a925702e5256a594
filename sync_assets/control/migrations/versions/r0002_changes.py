"""Listings that are kept until they are indexed, sweeps, deferrals, learned sizes, next tries."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def _of_a_source(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["source_id"],
        ["sources.source_id"],
        name=f"fk_{table}_source_id",
        ondelete="CASCADE",
    )


def upgrade() -> None:
    """Add what streams behind an API need."""
    time = sa.DateTime(timezone=True)
    op.add_column("sources", sa.Column("next_try_at", time))
    for name in ("swept_at", "sweep_due_at", "deferred_until"):
        op.add_column("cursors", sa.Column(name, time))
    op.add_column("cursors", sa.Column("deferred_because", sa.Text))
    op.create_table(
        "pending_listings",
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("source_id", "stream", name="pk_pending_listings"),
        _of_a_source("pending_listings"),
    )
    op.create_table(
        "learned_sizes",
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("learned_at", time, nullable=False),
        sa.PrimaryKeyConstraint("source_id", "stream", "kind", name="pk_learned_sizes"),
        _of_a_source("learned_sizes"),
    )
