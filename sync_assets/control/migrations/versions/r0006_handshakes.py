"""Windows in which a vendor may tell the key of its webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the table of handshakes."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "handshakes",
        sa.Column("connector", sa.Text, nullable=False),
        sa.Column("closes_at", time, nullable=False),
        sa.Column("accepted_at", time),
        sa.PrimaryKeyConstraint("connector", name="pk_handshakes"),
    )
