"""Rate budgets: what each vendor allows each credential."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the table of budgets."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "budgets",
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("credential", sa.Text, nullable=False),
        sa.Column("resource", sa.Text, nullable=False),
        sa.Column("limit_points", sa.Integer),
        sa.Column("remaining", sa.Integer),
        sa.Column("reset_at", time),
        sa.Column("answered", sa.Boolean, nullable=False),
        sa.Column("spent", sa.Integer, nullable=False),
        sa.Column("blocked_until", time),
        sa.Column("refusals", sa.Integer, nullable=False),
        sa.Column("waiting_until", time),
        sa.Column("grants", sa.JSON, nullable=False),
        sa.Column("lately", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("host", "credential", "resource", name="pk_budgets"),
    )
