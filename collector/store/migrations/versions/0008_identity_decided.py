"""Doubts about identity are decided: merges, pairs that are apart, quarantine, frozen CIs, sources that wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for column in (
        sa.Column("decision", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("ci_id", _id(), nullable=True),
    ):
        op.add_column("duplicate_case", column)
    op.add_column("parked", sa.Column("source_id", _id(), nullable=True))
    op.add_column("parked", sa.Column("overtaken", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index("ix_parked_case_id", "parked", ["case_id"], unique=False)
    op.create_index("ix_parked_source_id", "parked", ["source_id"], unique=False)
    op.create_index("ix_ci_merged_into", "ci", ["merged_into"], unique=False)
    op.create_table("held_source",
        sa.Column("source_id", _id(), autoincrement=False, nullable=False),
        sa.Column("case_id", _id(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["duplicate_case.id"], name=op.f("fk_held_source_case_id_duplicate_case")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_held_source_source_id_source")),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_held_source")),
    )  # fmt: skip
    op.create_table("frozen_ci",
        sa.Column("ci_id", _id(), autoincrement=False, nullable=False),
        sa.Column("case_id", _id(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["duplicate_case.id"], name=op.f("fk_frozen_ci_case_id_duplicate_case")),
        sa.ForeignKeyConstraint(["ci_id"], ["ci.id"], name=op.f("fk_frozen_ci_ci_id_ci")),
        sa.PrimaryKeyConstraint("ci_id", name=op.f("pk_frozen_ci")),
    )  # fmt: skip
    op.create_table("merge",
        sa.Column("id", _id(), autoincrement=True, nullable=False),
        sa.Column("ci_id", _id(), nullable=False),
        sa.Column("into_id", _id(), nullable=False),
        sa.Column("case_id", _id(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("moved", sa.Text(), server_default="{}", nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["duplicate_case.id"], name=op.f("fk_merge_case_id_duplicate_case")),
        sa.ForeignKeyConstraint(["ci_id"], ["ci.id"], name=op.f("fk_merge_ci_id_ci")),
        sa.ForeignKeyConstraint(["into_id"], ["ci.id"], name=op.f("fk_merge_into_id_ci")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge")),
    )  # fmt: skip
    op.create_index("ix_merge_ci_id", "merge", ["ci_id"], unique=False)
    op.create_index("ix_merge_into_id", "merge", ["into_id"], unique=False)
    op.create_table("apart",
        sa.Column("a", _id(), nullable=False),
        sa.Column("b", _id(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("case_id", _id(), nullable=True),
        sa.ForeignKeyConstraint(["a"], ["ci.id"], name=op.f("fk_apart_a_ci")),
        sa.ForeignKeyConstraint(["b"], ["ci.id"], name=op.f("fk_apart_b_ci")),
        sa.ForeignKeyConstraint(["case_id"], ["duplicate_case.id"], name=op.f("fk_apart_case_id_duplicate_case")),
        sa.PrimaryKeyConstraint("a", "b", name=op.f("pk_apart")),
    )  # fmt: skip
    op.create_index("ix_apart_b", "apart", ["b"], unique=False)
    op.create_table("suspect",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", name=op.f("pk_suspect")),
    )  # fmt: skip
