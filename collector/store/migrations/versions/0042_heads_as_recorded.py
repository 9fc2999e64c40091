"""How CIs stood: class, type, name, state, environment and label, as each was recorded.

What stands is told as if it had been so since the CI was made: nobody wrote down what was before.

Revision ID: 0042
Revises: 0041
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_WORDS = ("ci_class", "ci_type", "name", "state", "environment")


def upgrade() -> None:
    op.create_table(
        "ci_head",
        sa.Column("ci_id", _ID, nullable=False), sa.Column("vf", sa.BigInteger(), nullable=False),
        sa.Column("tf", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _WORDS),
        sa.Column("label", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["ci_id"], ["ci.id"], name=op.f("fk_ci_head_ci_id_ci")),
        sa.PrimaryKeyConstraint("ci_id", "vf", "tf", name=op.f("pk_ci_head")),
        sqlite_with_rowid=False,
    )  # fmt: skip
    columns = ", ".join((*_WORDS, "label"))
    op.execute(f"INSERT INTO ci_head (ci_id, vf, tf, {columns}) SELECT id, created_at, created_at, {columns} FROM ci")


def downgrade() -> None:
    op.drop_table("ci_head")
