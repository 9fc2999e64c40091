"""Alerts of other systems are held back like ours, say what kind they are, and are bound by rules of people.

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_LOOKED_AT = sa.text("look_at > 0")
_UNBOUND = sa.text("ci_id IS NULL AND state = 'firing'")


def upgrade() -> None:
    for name in ("name", "suppressed", "held_by"):
        op.add_column("foreign_alert", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.add_column("foreign_alert", sa.Column("look_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("foreign_alert", sa.Column("told", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index(
        "ix_foreign_alert_look_at", "foreign_alert", ["look_at"], sqlite_where=_LOOKED_AT, postgresql_where=_LOOKED_AT
    )
    op.create_index(
        "ix_foreign_alert_unbound", "foreign_alert", ["source", "name", "severity"], sqlite_where=_UNBOUND,
        postgresql_where=_UNBOUND,
    )  # fmt: skip
    op.create_table(
        "foreign_binding",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("source", "label", "value")),
        sa.Column(
            "ci_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("ci.id", name="fk_foreign_binding_ci_id_ci"),
            nullable=False,
        ),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_index("uq_foreign_binding", "foreign_binding", ["source", "label", "value"], unique=True)
    _say_what_stands()


def _say_what_stands() -> None:
    """Take the kind of each alert out of its detail; what stands of a CI has its incident."""
    alert = sa.table("foreign_alert", *(sa.column(name) for name in ("id", "detail", "name", "told", "state", "ci_id")))
    connection = op.get_bind()
    rows = connection.execute(sa.select(alert.c.id, alert.c.detail)).all()
    named = [{"its_id": row.id, "says": str(json.loads(row.detail).get("name", ""))} for row in rows]
    if named:
        by = sa.update(alert).where(alert.c.id == sa.bindparam("its_id")).values(name=sa.bindparam("says"))
        connection.execute(by, named)
    standing = (alert.c.state == "firing", alert.c.ci_id.is_not(None))
    connection.execute(sa.update(alert).where(*standing).values(told=sa.true()))


def downgrade() -> None:
    op.drop_table("foreign_binding")
    op.drop_index("ix_foreign_alert_unbound", "foreign_alert")
    op.drop_index("ix_foreign_alert_look_at", "foreign_alert")
    for name in ("told", "look_at", "held_by", "suppressed", "name"):
        op.drop_column("foreign_alert", name)
