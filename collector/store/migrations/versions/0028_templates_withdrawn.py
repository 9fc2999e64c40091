"""A withdrawal of a template stands beside its approval, which it overwrote; of a change, when it was submitted.

A draft made from a finding is of no template any more: what was done already needs somebody's word.

Revision ID: 0028
Revises: 0027
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_TEMPLATE = sa.table(
    "change_template", sa.column("number"), sa.column("state"), sa.column("decided_by"), sa.column("decided_at"),
    sa.column("withdrawn_by"), sa.column("withdrawn_at"),
)  # fmt: skip
_AUDIT = sa.table(
    "audit", sa.column("seq"), sa.column("at"), sa.column("actor"), sa.column("action"), sa.column("object"),
    sa.column("details"),
)  # fmt: skip


def upgrade() -> None:
    op.add_column("change_template", sa.Column("withdrawn_by", sa.Text(), server_default="", nullable=False))
    op.add_column("change_template", sa.Column("withdrawn_at", sa.BigInteger()))
    op.add_column("change", sa.Column("submitted_at", sa.BigInteger()))
    op.execute(
        "UPDATE change SET submitted_at = (SELECT max(t.at) FROM change_trail t"
        " WHERE t.change_id = change.id AND t.act = 'submit')"
    )
    op.execute("UPDATE change SET template_id = NULL WHERE state = 'draft' AND finding_id IS NOT NULL")
    _withdrawn()


def _withdrawn() -> None:
    """What overwrote the approval becomes the withdrawal; the approval is what the audit log tells of it.

    Where that tells nothing any more the two fall together, and the template approves nothing: as it was before.
    """
    done, row = op.get_bind(), _TEMPLATE.c
    moved = {"withdrawn_by": row.decided_by, "withdrawn_at": row.decided_at}
    done.execute(_TEMPLATE.update().where(row.state == "withdrawn").values(moved))
    for number in done.execute(sa.select(row.number).where(row.state == "withdrawn")).scalars().all():
        told = sa.select(_AUDIT.c.at, _AUDIT.c.actor, _AUDIT.c.details).order_by(_AUDIT.c.seq)
        here = (_AUDIT.c.action == "template.decide", _AUDIT.c.object == f"template/{number}")
        for at, actor, details in done.execute(told.where(*here)).all():
            if (json.loads(details).get("after") or {}).get("state") == "approved":
                approved = {"decided_by": actor, "decided_at": at}
                done.execute(_TEMPLATE.update().where(row.number == number).values(approved))


def downgrade() -> None:
    op.execute(
        "UPDATE change_template SET decided_by = withdrawn_by, decided_at = withdrawn_at WHERE withdrawn_at IS NOT NULL"
    )
    op.drop_column("change", "submitted_at")
    op.drop_column("change_template", "withdrawn_at")
    op.drop_column("change_template", "withdrawn_by")
