"""An item of a finding says when one look alone has shown it so far, and whether a second one was asked for.

Revision ID: 0034
Revises: 0033
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("finding_item", sa.Column("once", sa.Boolean, nullable=False, server_default=sa.text("false")))
    op.add_column("finding_item", sa.Column("looked_for", sa.Boolean, nullable=False, server_default=sa.text("false")))
    op.create_index(
        "ix_finding_item_once", "finding_item", ["source_id"],
        sqlite_where=sa.text("once = 1"), postgresql_where=sa.text("once"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_finding_item_once", "finding_item")
    op.drop_column("finding_item", "looked_for")
    op.drop_column("finding_item", "once")
