"""Findings hold what their items are held to be: verdict, change, clock; acceptances; and how a value went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("claim", sa.Column("gone_lo", sa.BigInteger(), nullable=True))
    op.add_column("claim", sa.Column("gone_cause", sa.Text(), nullable=True))
    op.add_column("claim", sa.Column("gone_tf", sa.BigInteger(), nullable=True))
    op.add_column("finding", sa.Column("due_at", sa.BigInteger(), nullable=True))
    op.add_column("finding", sa.Column("waived_until", sa.BigInteger(), nullable=True))
    op.create_index("ix_finding_ci_id_hi", "finding", ["ci_id", "hi"], unique=False)
    is_due = sa.text("due_at IS NOT NULL")
    op.create_index("ix_finding_due_at", "finding", ["due_at"], sqlite_where=is_due, postgresql_where=is_due)
    _items()
    _words()


def _items() -> None:
    """Let an item be known by its field and when it was seen, too."""
    op.drop_index("ix_finding_item_path_id", "finding_item")
    op.rename_table("finding_item", "finding_item_before")
    op.create_table("finding_item",
        sa.Column("finding_id", _id(), nullable=False),
        sa.Column("path_id", _id(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("hi", sa.BigInteger(), nullable=False),
        sa.Column("lo", sa.BigInteger(), nullable=False),
        sa.Column("auth_val_id", _id(), nullable=True),
        sa.Column("old_val_id", _id(), nullable=True),
        sa.Column("new_val_id", _id(), nullable=True),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.Column("claimed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), server_default="", nullable=False),
        sa.Column("flags", sa.Text(), server_default="[]", nullable=False),
        sa.Column("refused", sa.Text(), server_default="[]", nullable=False),
        sa.Column("late_ms", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"], name="fk_finding_item_finding_id_finding_2"),
        sa.ForeignKeyConstraint(["path_id"], ["path.id"], name="fk_finding_item_path_id_path_2"),
        sa.ForeignKeyConstraint(["auth_val_id"], ["val.id"], name="fk_finding_item_auth_val_id_val_2"),
        sa.ForeignKeyConstraint(["old_val_id"], ["val.id"], name="fk_finding_item_old_val_id_val_2"),
        sa.ForeignKeyConstraint(["new_val_id"], ["val.id"], name="fk_finding_item_new_val_id_val_2"),
        sa.PrimaryKeyConstraint("finding_id", "path_id", "field", "hi", name="pk_finding_item_2"),
    )  # fmt: skip
    op.execute(
        "INSERT INTO finding_item (finding_id, path_id, field, hi, lo, auth_val_id, old_val_id, new_val_id, verdict,"
        " closed_at) SELECT i.finding_id, i.path_id, '', i.hi, i.lo, i.auth_val_id, i.old_val_id, i.new_val_id,"
        " CASE i.state WHEN 'open' THEN 'unapproved' ELSE i.state END,"
        " CASE i.state WHEN 'open' THEN NULL ELSE coalesce(f.closed_at, i.hi) END"
        " FROM finding_item_before i JOIN finding f ON f.id = i.finding_id"
    )
    op.drop_table("finding_item_before")
    op.create_index("ix_finding_item_path_id", "finding_item", ["path_id"], unique=False)


def _words() -> None:
    op.create_table("acceptance",
        sa.Column("finding_id", _id(), nullable=False),
        sa.Column("path_id", _id(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("hi", sa.BigInteger(), nullable=False),
        sa.Column("new_val_id", _id(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"], name=op.f("fk_acceptance_finding_id_finding")),
        sa.ForeignKeyConstraint(["path_id"], ["path.id"], name=op.f("fk_acceptance_path_id_path")),
        sa.ForeignKeyConstraint(["new_val_id"], ["val.id"], name=op.f("fk_acceptance_new_val_id_val")),
        sa.PrimaryKeyConstraint("finding_id", "path_id", "field", "hi", name=op.f("pk_acceptance")),
    )  # fmt: skip
    op.create_table("finding_mark",
        sa.Column("id", _id(), autoincrement=True, nullable=False),
        sa.Column("finding_id", _id(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"], name=op.f("fk_finding_mark_finding_id_finding")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_mark")),
    )  # fmt: skip
    op.create_index("ix_finding_mark_finding_id", "finding_mark", ["finding_id", "id"], unique=False)
