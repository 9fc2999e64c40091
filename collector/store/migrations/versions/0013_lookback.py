"""When the end of a fact, and of what is authorised, was recorded: without it nobody can say what was believed then."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for lane in ("fact", "auth"):
        op.add_column(lane, sa.Column("gone_tf", sa.BigInteger(), nullable=True))
        op.execute(
            f"UPDATE {lane} SET gone_tf = vt WHERE vt < 253402300799999 AND NOT EXISTS (SELECT 1 FROM {lane} n"
            f" WHERE n.ci_id = {lane}.ci_id AND n.path_id = {lane}.path_id AND n.vf = {lane}.vt)"
        )
