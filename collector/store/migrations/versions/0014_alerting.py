"""Alerts with all their timers, what holds them back, how they moved; waivers and maintenance windows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _alert()
    _moves()
    _waivers()
    _windows()
    # What fired is told already, and its rule has raised it once; nothing of what moved before is known.
    op.execute("UPDATE alert SET episode = 1, told = true WHERE state = 'firing'")
    op.execute("UPDATE alert SET timed = true, seen_at = changed_at, samples = 1 WHERE state = 'pending'")


def _alert() -> None:
    for name in ("episode", "samples"):
        op.add_column("alert", sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False))
    for name in ("seen_at", "keep_until", "look_at"):
        op.add_column("alert", _at(name, "0"))
    for name in ("bits", "suppressed", "held_by", "lowered"):
        op.add_column("alert", _text(name, ""))
    for name in ("flapping", "told", "timed"):
        op.add_column("alert", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))
    _partial("ix_alert_timed", "ci_id", "timed")
    _partial("ix_alert_look_at", "look_at", "look_at > 0")
    _partial("ix_alert_state", "state", "state <> 'ok'")


def _moves() -> None:
    op.create_table("alert_move", _id(), _text("rule"), sa.Column("ci_id", Id, nullable=False), _text("instance"),
        _at("at"), _text("state"), _text("outcome"), _text("severity", ""), _text("evidence", "{}"),
        _text("reason", ""), _text("suppressed", ""),
        sa.Column("episode", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["ci_id"], ["ci.id"], name=op.f("fk_alert_move_ci_id_ci")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_move")),
    )  # fmt: skip
    op.create_index("ix_alert_move_ci_id", "alert_move", ["ci_id", "at"])
    op.create_index("ix_alert_move_rule", "alert_move", ["rule", "at"])
    op.create_index("ix_alert_move_at", "alert_move", ["at"])


def _waivers() -> None:
    op.create_table("waiver", _id(), _text("number"), _text("rule"), _text("scope", ""), _text("instance", ""),
        _text("effect"), _text("level", ""), _text("reason"), _text("risk"), _text("ticket", ""), _at("starts"),
        _at("expires"), _text("state"), _text("requested_by"), _at("asked_at"), _text("decided_by", ""),
        _at("decided_at", "0"), _text("note", ""), _at("matched_at", "0"), _at("reminded_at", "0"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver")),
        sa.UniqueConstraint("number", name=op.f("uq_waiver_number")),
    )  # fmt: skip
    op.create_index("ix_waiver_state", "waiver", ["state", "expires"])


def _windows() -> None:
    op.create_table("maintenance_window", _id(), _text("uid"), _text("kind"), _text("name"), _text("reason", ""),
        _at("start"), _at("end"), _text("recurrence", ""), _text("selector"), _text("created_by"), _at("created_at"),
        _at("ended_at", "0"), _at("last_end"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance_window")),
        sa.UniqueConstraint("uid", name=op.f("uq_maintenance_window_uid")),
    )  # fmt: skip
    op.create_index("ix_maintenance_window_last_end", "maintenance_window", ["last_end"])


def _id() -> sa.Column[int]:
    return sa.Column("id", Id, autoincrement=True, nullable=False)


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    if default is None:
        return sa.Column(name, sa.Text(), nullable=False)
    return sa.Column(name, sa.Text(), server_default=sa.text(f"'{default}'"), nullable=False)


def _at(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default=default and sa.text(default), nullable=False)


def _partial(name: str, column: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "alert", [column], sqlite_where=where, postgresql_where=where)
