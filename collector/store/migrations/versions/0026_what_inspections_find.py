"""What inspections find has incidents; an inspection or a round can be called off; a maintenance incident has its time.

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "inspection_found",
        sa.Column("run_id", _ID, sa.ForeignKey("inspection_run.id"), primary_key=True),
        sa.Column("cause_key", sa.Text(), primary_key=True),
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("opened", sa.Boolean(), nullable=False),
    )
    op.add_column("inspection_run", sa.Column("cancelled_at", sa.BigInteger()))
    op.add_column("inspection_run", sa.Column("cancelled_by", sa.Text(), server_default="", nullable=False))
    op.add_column("inspection_run", sa.Column("cancel_reason", sa.Text(), server_default="", nullable=False))
    op.add_column("stocktake", sa.Column("cancelled", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("incident", sa.Column("due_at", sa.BigInteger()))
    for planned in ("inspection_run", "stocktake_due"):
        _due(planned)
        for name in ("warn_at", "escalated_at"):  # that is told by the clock of its incident
            op.drop_column(planned, name)


def _due(planned: str) -> None:
    """Let the incidents of what is not done yet go by the time it has."""
    op.execute(
        f"UPDATE incident SET wake_at = 0, due_at = (SELECT max(p.due_at) FROM {planned} AS p"  # noqa: S608  a table of ours
        " WHERE p.incident = incident.number AND p.due_at > 0)"
        f" WHERE resolved_at IS NULL AND number IN (SELECT incident FROM {planned} WHERE due_at > 0)"
    )


def downgrade() -> None:
    for planned in ("stocktake_due", "inspection_run"):
        op.add_column(planned, sa.Column("escalated_at", sa.BigInteger()))
        op.add_column(planned, sa.Column("warn_at", sa.BigInteger(), server_default="0", nullable=False))
    op.drop_column("incident", "due_at")
    op.drop_column("stocktake", "cancelled")
    for name in ("cancel_reason", "cancelled_by", "cancelled_at"):
        op.drop_column("inspection_run", name)
    op.drop_table("inspection_found")
