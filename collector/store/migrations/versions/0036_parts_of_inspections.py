"""An inspection of a large scope is several runs at one time: which part each of them is, counted from 0.

Revision ID: 0036
Revises: 0035
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_ONCE = "uq_inspection_run_plan_id_scheduled_for"


def upgrade() -> None:
    op.add_column("inspection_run", sa.Column("part", sa.Integer, nullable=False, server_default="0"))
    op.drop_index(_ONCE, "inspection_run")
    op.create_index(_ONCE, "inspection_run", ["plan_id", "scheduled_for", "part"], unique=True)
