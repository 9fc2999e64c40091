"""Samples of the values rules look back on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table("series",
        sa.Column("id", _id(), autoincrement=True, nullable=False),
        sa.Column("ci_id", _id(), nullable=False),
        sa.Column("source_id", _id(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ci_id"], ["ci.id"], name=op.f("fk_series_ci_id_ci")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_series_source_id_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint(
            "ci_id", "section", "field", "element", "source_id",
            name=op.f("uq_series_ci_id_section_field_element_source_id"),
        ),
    )  # fmt: skip
    op.create_table("sample",
        sa.Column("series_id", _id(), autoincrement=False, nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_sample_series_id_series")),
        sa.PrimaryKeyConstraint("series_id", "slot", name=op.f("pk_sample")),
        sqlite_with_rowid=False,
    )  # fmt: skip
