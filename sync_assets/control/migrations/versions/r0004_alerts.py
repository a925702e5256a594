"""Alerts: what people are to be told of each source, and the channels through which they are."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the tables of alerts."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "alerts",
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("since", time, nullable=False),
        sa.Column("at", time, nullable=False),
        sa.Column("told", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("source_id", name="pk_alerts"),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["sources.source_id"],
            name="fk_alerts_source_id",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "alert_channels",
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("next_at", time, nullable=False),
        sa.Column("failures_in_a_row", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_alert_channels"),
    )
