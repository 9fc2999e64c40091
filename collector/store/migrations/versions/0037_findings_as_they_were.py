"""How a finding stood before it moved: with which verdict, open or closed, and until when.

Revision ID: 0037
Revises: 0036
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "finding_past",
        sa.Column("finding_id", _ID, sa.ForeignKey("finding.id"), primary_key=True),
        sa.Column("until", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
    )


def downgrade() -> None:
    op.drop_table("finding_past")
