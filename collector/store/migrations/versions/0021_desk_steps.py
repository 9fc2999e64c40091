"""Alerts that somebody has seen, problems, when to warn of a maintenance that will be late, files of messages.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _acks()
    _problems()
    _beside_problems()
    _warnings()
    _heard()
    _attachments()


def _acks() -> None:
    op.create_table("alert_ack",
        sa.Column("id", Id, autoincrement=True, nullable=False), _text("rule"),
        sa.Column("ci_id", Id, nullable=False), _text("instance"), _number("episode", "0"), _at("at"), _text("who"),
        _text("reason"), sa.Column("ended_at", sa.BigInteger()), _text("ended_by", ""), _text("ended_why", ""),
        sa.ForeignKeyConstraint(["ci_id"], ["ci.id"], name=op.f("fk_alert_ack_ci_id_ci")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_ack")),
    )  # fmt: skip
    op.create_index("ix_alert_ack_ci_id", "alert_ack", ["ci_id", "id"])
    _one_standing("uq_alert_ack_standing", "alert_ack", ["rule", "ci_id", "instance"], "ended_at IS NULL")


def _problems() -> None:
    op.create_table("problem",
        sa.Column("id", Id, autoincrement=True, nullable=False), _text("number"), _text("cause_key"),
        sa.Column("ci_id", Id), _text("state"), _text("title"), _text("owner", ""), _text("cause", ""),
        _text("workaround", ""), _text("solution", ""), _at("raised_at"), _text("raised_by"),
        _number("occurrences", "0"), sa.Column("decided_at", sa.BigInteger()), _text("decided_by", ""),
        _text("reason", ""), sa.Column("resolved_at", sa.BigInteger()), sa.Column("closed_at", sa.BigInteger()),
        _number("version", "1"),
        sa.ForeignKeyConstraint(["ci_id"], ["ci.id"], name=op.f("fk_problem_ci_id_ci")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_problem")),
        sa.UniqueConstraint("number", name=op.f("uq_problem_number")),
    )  # fmt: skip
    op.create_index("ix_problem_state", "problem", ["state", "id"])
    op.create_index("ix_problem_cause_key", "problem", ["cause_key", "id"])
    _one_standing("uq_problem_standing", "problem", ["cause_key"], "closed_at IS NULL")


def _beside_problems() -> None:
    op.create_table("problem_incident",
        sa.Column("problem_id", Id, nullable=False), sa.Column("incident_id", Id, nullable=False), _at("at"),
        _text("who"), _points("problem_incident", "problem"), _points("problem_incident", "incident"),
        sa.PrimaryKeyConstraint("problem_id", "incident_id", name=op.f("pk_problem_incident")),
    )  # fmt: skip
    op.create_index("ix_problem_incident_incident_id", "problem_incident", ["incident_id"])
    op.create_table("problem_step",
        sa.Column("id", Id, autoincrement=True, nullable=False), sa.Column("problem_id", Id, nullable=False),
        _at("at"), _text("who"), _text("act"), _text("comment", ""), _points("problem_step", "problem"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_problem_step")),
    )  # fmt: skip
    op.create_index("ix_problem_step_problem_id", "problem_step", ["problem_id"])


def _warnings() -> None:
    """A run that waits already gets its warning at three quarters of its time, as the clock on the wall has it."""
    op.add_column("inspection_run", _at("warn_at", "0"))
    op.execute(
        "UPDATE inspection_run SET warn_at = due_at - (due_at - made_at) / 4"
        " WHERE state = 'open' AND due_at > made_at AND escalated_at IS NULL"
    )


def _heard() -> None:
    """Who is told that an incident was changed was told that somebody took it: that has a word of its own now."""
    channel = sa.table("channel", sa.column("name", sa.Text()), sa.column("wants", sa.Text()))
    connection = op.get_bind()
    for name, text in connection.execute(sa.select(channel.c.name, channel.c.wants)).all():
        wants = json.loads(text)
        if "updated" in wants.get("events", ()):
            wants["events"] = [*wants["events"], "acknowledged"]
            mine = sa.update(channel).where(channel.c.name == name)
            connection.execute(mine.values(wants=json.dumps(wants)))


def _attachments() -> None:
    op.create_table("attachment",
        _text("subject"), _text("language"), _text("name"), _text("media_type"),
        sa.Column("content", sa.LargeBinary(), nullable=False), _at("at"),
        sa.PrimaryKeyConstraint("subject", "language", "name", name=op.f("pk_attachment")),
    )  # fmt: skip
    op.create_index("ix_attachment_at", "attachment", ["at"])


def _one_standing(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=True, sqlite_where=where, postgresql_where=where)


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _at(name: str, default: str | None = None) -> sa.Column[int]:
    fallback = None if default is None else sa.text(default)
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default=fallback)


def _number(name: str, default: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text(default))


def _points(table: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([f"{to}_id"], [f"{to}.id"], name=op.f(f"fk_{table}_{to}_id_{to}"))
