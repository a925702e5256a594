"""Vendors' hooks: how each stands, and how far its log of deliveries was read."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the table of hooks."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "hooks",
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("problem", sa.Text),
        sa.Column("hook", sa.BigInteger),
        sa.Column("checked_at", time, nullable=False),
        sa.Column("read_until", time),
        sa.Column("redelivered", sa.Integer, nullable=False),
        sa.Column("given_up", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("source_id", name="pk_hooks"),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["sources.source_id"],
            ondelete="CASCADE",
            name="fk_hooks_source_id",
        ),
    )
