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


def downgrade() -> None:
    op.drop_column("incident", "due_at")
    op.drop_column("stocktake", "cancelled")
    for name in ("cancel_reason", "cancelled_by", "cancelled_at"):
        op.drop_column("inspection_run", name)
    op.drop_table("inspection_found")
