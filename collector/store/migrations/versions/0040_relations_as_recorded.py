"""When it was recorded that a relation began, and that it ended.

What stands is told as recorded when it began and when it ended: nobody wrote it down.

Revision ID: 0040
Revises: 0039
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("tf", "gone_tf"):
        op.add_column("relation", sa.Column(name, sa.BigInteger(), nullable=True))
    op.execute("UPDATE relation SET tf = vf, gone_tf = CASE WHEN vt < 253402300799999 THEN vt END")
    with op.batch_alter_table("relation") as batch:
        batch.alter_column("tf", existing_type=sa.BigInteger(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("relation") as batch:
        batch.drop_column("gone_tf")
        batch.drop_column("tf")
