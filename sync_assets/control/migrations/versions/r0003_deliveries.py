"""The inbox: webhook deliveries and what became of each."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table of deliveries."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "deliveries",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("connector", sa.Text, nullable=False),
        sa.Column("delivery_id", sa.Text, nullable=False),
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("streams", sa.JSON, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("hints", sa.JSON, nullable=False),
        sa.Column("sweep", sa.Boolean, nullable=False),
        sa.Column("ends", sa.Text),
        sa.Column("renamed_to", sa.Text),
        sa.Column("event_at", time),
        sa.Column("received_at", time, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("run_key", sa.Text),
        sa.Column("run_id", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("done_at", time),
        sa.PrimaryKeyConstraint("number", name="pk_deliveries"),
        sa.UniqueConstraint(
            "connector",
            "delivery_id",
            "source_id",
            name="uq_deliveries_connector_delivery_id_source_id",
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["sources.source_id"],
            name="fk_deliveries_source_id",
            ondelete="CASCADE",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deliveries_state_source_id", "deliveries", ["state", "source_id"])
    op.create_index("ix_deliveries_done_at", "deliveries", ["done_at"])
