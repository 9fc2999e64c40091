"""What moved alike is found by what came of it, whatever was before; campaigns of packages that were several versions.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    op.add_column("campaign", sa.Column("several", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index(
        "ix_finding_item_alike", "finding_item", ["path_id", "field", sa.text("coalesce(new_val_id, 0)"), "hi"],
        sqlite_where=_OPEN, postgresql_where=_OPEN,
    )  # fmt: skip
    op.drop_index("ix_finding_item_open", "finding_item")


def downgrade() -> None:
    op.create_index(
        "ix_finding_item_open", "finding_item", ["path_id", "hi"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.drop_index("ix_finding_item_alike", "finding_item")
    op.drop_column("campaign", "several")
