"""Which account tells of an alert of another system. What stands is of none yet: of whoever tells of it next.

Its incident keeps the key it has.

Revision ID: 0039
Revises: 0038
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_BEFORE, _NOW = "uq_foreign_alert_source_fingerprint", "uq_foreign_alert_account"


def upgrade() -> None:
    for name in ("account", "cause_key"):
        op.add_column("foreign_alert", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.execute("UPDATE foreign_alert SET cause_key = 'foreign|' || source || '|' || fingerprint")
    op.drop_index(_BEFORE, "foreign_alert")
    op.create_index(_NOW, "foreign_alert", ["source", "fingerprint", "account"], unique=True)


def downgrade() -> None:
    op.drop_index(_NOW, "foreign_alert")
    # One of each must do: what was told last.
    op.execute(
        "DELETE FROM foreign_alert WHERE EXISTS (SELECT 1 FROM foreign_alert AS other WHERE"
        " other.source = foreign_alert.source AND other.fingerprint = foreign_alert.fingerprint"
        " AND (other.seen_at, other.id) > (foreign_alert.seen_at, foreign_alert.id))"
    )
    op.create_index(_BEFORE, "foreign_alert", ["source", "fingerprint"], unique=True)
    for name in ("cause_key", "account"):
        op.drop_column("foreign_alert", name)
