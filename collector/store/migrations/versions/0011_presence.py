"""Who is there: CIs that were missed, the runs that looked for them, and subjects that are not spoken of for once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ZERO = sa.text("0")


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("sweep_target", sa.Column("agent_id", _id(), nullable=True))
    op.add_column("subject_ci", sa.Column("absences", sa.Integer(), server_default=ZERO, nullable=False))
    op.add_column("subject_ci", sa.Column("absent_at", sa.BigInteger(), server_default=ZERO, nullable=False))
    is_absent = sa.text("absences > 0")
    op.create_index(
        "ix_subject_ci_absent", "subject_ci", ["source_id"], sqlite_where=is_absent, postgresql_where=is_absent
    )
    op.create_table("presence",
        sa.Column("ci_id", _id(), autoincrement=False, nullable=False),
        sa.Column("phase", sa.Text(), server_default="missed", nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), server_default=ZERO, nullable=False),
        sa.Column("again_at", sa.BigInteger(), server_default=ZERO, nullable=False),
        sa.Column("retired_at", sa.BigInteger(), server_default=ZERO, nullable=False),
        sa.ForeignKeyConstraint(["ci_id"], ["ci.id"], name=op.f("fk_presence_ci_id_ci")),
        sa.PrimaryKeyConstraint("ci_id", name=op.f("pk_presence")),
    )  # fmt: skip
    op.create_table("presence_run",
        sa.Column("id", _id(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("looked", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=True),
        sa.Column("believed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence_run")),
        sa.UniqueConstraint("reference", name=op.f("uq_presence_run_reference")),
    )  # fmt: skip
    op.create_index("ix_presence_run_scope", "presence_run", ["scope", "ended_at"], unique=False)
