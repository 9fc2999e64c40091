"""Whether CIs can be reached."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _words(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _moment(name: str, default: str | None = None) -> sa.Column[int]:
    text = None if default is None else sa.text(default)
    return sa.Column(name, sa.BigInteger(), server_default=text, nullable=False)


def upgrade() -> None:
    op.create_table("reach_look",
        _words("zone"), _words("address"), sa.Column("agent_id", _id(), nullable=True), _words("methods"),
        _moment("looked_at"), sa.PrimaryKeyConstraint("zone", "address", name=op.f("pk_reach_look")),
    )  # fmt: skip
    op.create_index("ix_reach_look_looked_at", "reach_look", ["looked_at"])
    op.create_table("reach",
        sa.Column("ci_id", _id(), autoincrement=False, nullable=False), _words("state"), _moment("since"),
        _words("why", ""), _moment("answered_at", "0"), _moment("missed_at", "0"),
        sa.Column("behind", _id(), nullable=True),
        sa.Column("held", sa.Boolean(), server_default=sa.text("false"), nullable=False), _words("ways", "{}"),
        sa.ForeignKeyConstraint(["ci_id"], ["ci.id"], name=op.f("fk_reach_ci_id_ci")),
        sa.ForeignKeyConstraint(["behind"], ["ci.id"], name=op.f("fk_reach_behind_ci")),
        sa.PrimaryKeyConstraint("ci_id", name=op.f("pk_reach")),
    )  # fmt: skip
    op.create_index("ix_reach_state", "reach", ["state"])
    op.create_index("ix_reach_behind", "reach", ["behind"])
    op.create_table("reach_move",
        sa.Column("ci_id", _id(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False), _words("state"), _words("why", ""),
        sa.Column("behind", _id(), nullable=True),
        sa.ForeignKeyConstraint(["ci_id"], ["ci.id"], name=op.f("fk_reach_move_ci_id_ci")),
        sa.PrimaryKeyConstraint("ci_id", "at", name=op.f("pk_reach_move")),
    )  # fmt: skip
    op.create_index("ix_reach_move_at", "reach_move", ["at"])
    op.create_table("reach_watch",
        _words("zone"), sa.Column("sweep_id", _id(), nullable=False), _moment("began_at", "0"), _words("lent", ""),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweep.id"], name=op.f("fk_reach_watch_sweep_id_sweep")),
        sa.PrimaryKeyConstraint("zone", name=op.f("pk_reach_watch")),
    )  # fmt: skip
