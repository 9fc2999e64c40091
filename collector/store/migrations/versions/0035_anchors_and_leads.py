"""The head of the audit log as it was signed each day, and what the end of a stock-take led to.

Revision ID: 0035
Revises: 0034
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit_anchor",
        sa.Column("day", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "stocktake_lead",
        sa.Column("stocktake_id", _ID, sa.ForeignKey("stocktake.id"), primary_key=True),
        sa.Column("item", sa.Text, primary_key=True),
        sa.Column("ci_id", _ID, sa.ForeignKey("ci.id"), nullable=False),
        sa.Column("finding_id", _ID, sa.ForeignKey("finding.id")),
        sa.Column("incident", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("ix_stocktake_lead_ci_id", "stocktake_lead", ["ci_id"])
    op.create_index("ix_stocktake_lead_finding_id", "stocktake_lead", ["finding_id"])


def downgrade() -> None:
    op.drop_table("stocktake_lead")
    op.drop_table("audit_anchor")
