"""The failed CI that leaves no way to a CI, whether that is missed already or not: a root weighs it from the beginning.

Revision ID: 0038
Revises: 0037
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "reach_cut",
        sa.Column("ci_id", _ID, autoincrement=False, nullable=False),
        sa.Column("cut_by", _ID, nullable=False),
        sa.ForeignKeyConstraint(["ci_id"], ["ci.id"], name=op.f("fk_reach_cut_ci_id_ci")),
        sa.ForeignKeyConstraint(["cut_by"], ["ci.id"], name=op.f("fk_reach_cut_cut_by_ci")),
        sa.PrimaryKeyConstraint("ci_id", name=op.f("pk_reach_cut")),
    )
    op.create_index("ix_reach_cut_cut_by", "reach_cut", ["cut_by"])
