"""Campaigns, and which of them a finding is told with; two columns nothing was ever written to are gone.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_HAS_ONE = sa.text("campaign_id IS NOT NULL")
_OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    op.drop_column("finding", "resolved_by")
    op.drop_column("finding", "reason")
    op.create_table(
        "campaign",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("path_id", Id, nullable=False), sa.Column("field", sa.Text(), nullable=False),
        sa.Column("old_val_id", Id, nullable=True), sa.Column("new_val_id", Id, nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["path_id"], ["path.id"], name=op.f("fk_campaign_path_id_path")),
        sa.ForeignKeyConstraint(["old_val_id"], ["val.id"], name=op.f("fk_campaign_old_val_id_val")),
        sa.ForeignKeyConstraint(["new_val_id"], ["val.id"], name=op.f("fk_campaign_new_val_id_val")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )  # fmt: skip
    op.add_column("finding", sa.Column("campaign_id", Id, nullable=True))
    op.create_index(
        "ix_finding_campaign_id", "finding", ["campaign_id"], sqlite_where=_HAS_ONE, postgresql_where=_HAS_ONE
    )
    op.create_index(
        "ix_finding_item_open", "finding_item", ["path_id", "hi"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )


def downgrade() -> None:
    op.drop_index("ix_finding_item_open", "finding_item")
    op.drop_index("ix_finding_campaign_id", "finding")
    op.drop_column("finding", "campaign_id")
    op.drop_table("campaign")
    op.add_column("finding", sa.Column("reason", sa.Text(), server_default="", nullable=False))
    op.add_column("finding", sa.Column("resolved_by", sa.Text(), nullable=True))
