"""What the plan of a sweep was called that was removed since.

Of plans removed before, nobody knows any more: their sweeps read as single looks.

Revision ID: 0041
Revises: 0040
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sweep", sa.Column("was_plan", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("sweep") as batch:
        batch.drop_column("was_plan")
