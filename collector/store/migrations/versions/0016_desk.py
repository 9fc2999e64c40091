"""The desk: what an incident is made of, with whom it is, its clocks, what was done and what it has to do with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXTS = {
    "recurs": "", "source": "monitoring", "category": "", "impact": "", "urgency": "", "priority": "P3",
    "reckoning": "{}", "description": "", "contact": "", "affected": "", "place": "", "assignee": "", "reporter": "",
    "pending_reason": "", "resolution": "", "vendor_resolution": "", "resolution_code": "", "score_comment": "",
    "parent": "", "merged_into": "",
}  # fmt: skip
NUMBERS = {"causes": "0", "victims": "0", "reopened": "0", "line": "1", "version": "1"}
MOMENTS = ("recovered_at", "closed_at", "response_due_at", "resolution_due_at", "wake_at")


def upgrade() -> None:
    _incident()
    _causes()
    _intervals()
    _steps()
    _what_is_there()


def _incident() -> None:
    for name, default in TEXTS.items():
        op.add_column("incident", _text(name, default))
    for name, default in NUMBERS.items():
        op.add_column("incident", sa.Column(name, sa.Integer(), server_default=sa.text(default), nullable=False))
    for name in MOMENTS:
        op.add_column("incident", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("incident", sa.Column("score", sa.Integer(), nullable=True))
    op.add_column("incident", sa.Column("major", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index("ix_incident_cause_key", "incident", ["cause_key", "resolved_at"])
    op.create_index("ix_incident_parent", "incident", ["parent"])
    op.create_index("ix_incident_merged_into", "incident", ["merged_into"])
    op.create_index("ix_incident_reporter", "incident", ["reporter", "id"])
    _partial("ix_incident_wake_at", "incident", "wake_at", "wake_at IS NOT NULL")


def _causes() -> None:
    op.create_table("incident_cause", _id(), _of(), _text("cause_key"), sa.Column("ci_id", Id, nullable=True),
        _text("role"), _text("title"), _text("severity"), _at("since"), _at("ended_at", nullable=True),
        sa.ForeignKeyConstraint(["ci_id"], ["ci.id"], name=op.f("fk_incident_cause_ci_id_ci")),
        *_belongs("incident_cause", "id"),
    )  # fmt: skip
    op.create_index("ix_incident_cause_incident_id", "incident_cause", ["incident_id", "ended_at"])
    _partial("ix_incident_cause_ci_id", "incident_cause", "ci_id", "ended_at IS NULL")
    _partial("uq_incident_cause_open", "incident_cause", "cause_key", "ended_at IS NULL", unique=True)


def _intervals() -> None:
    op.create_table("incident_interval", _id(), _of(), _text("state"), _text("reason", ""),
        sa.Column("line", sa.Integer(), server_default=sa.text("1"), nullable=False), _text("assignee", ""),
        _at("since"), _at("until", nullable=True), *_belongs("incident_interval", "id"),
    )  # fmt: skip
    op.create_index("ix_incident_interval_incident_id", "incident_interval", ["incident_id", "id"])


def _steps() -> None:
    op.create_table("incident_step", _id(), _of(), _at("at"), _text("who"), _text("act"), _text("comment", ""),
        _text("detail", "{}"), *_belongs("incident_step", "id"),
    )  # fmt: skip
    op.create_index("ix_incident_step_incident_id", "incident_step", ["incident_id", "id"])
    op.create_table("incident_alarm", _of(), sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("percent", sa.Integer(), autoincrement=False, nullable=False), _at("at"),
        *_belongs("incident_alarm", "incident_id", "clock", "percent"),
    )  # fmt: skip
    op.create_table("incident_link", _of(), sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False), _at("at"), _text("who"),
        *_belongs("incident_link", "incident_id", "kind", "reference"),
    )  # fmt: skip
    op.create_index("ix_incident_link_reference", "incident_link", ["reference", "kind"])


def _what_is_there() -> None:
    """An open incident is new and has its cause; what is resolved has waited for long enough to be closed."""
    op.execute(
        "INSERT INTO incident_cause (incident_id, cause_key, ci_id, role, title, severity, since)"
        " SELECT id, cause_key, ci_id, 'cause', title, severity, opened_at FROM incident WHERE resolved_at IS NULL"
    )
    op.execute("UPDATE incident SET state = 'new', causes = 1, wake_at = opened_at WHERE resolved_at IS NULL")
    op.execute(
        "UPDATE incident SET state = 'closed', closed_at = resolved_at, resolution_code = 'self_recovered'"
        " WHERE resolved_at IS NOT NULL"
    )
    op.execute(
        "INSERT INTO incident_interval (incident_id, state, since) SELECT id, 'new', opened_at FROM incident"
        " WHERE resolved_at IS NULL"
    )


def _partial(name: str, table: str, column: str, where: str, unique: bool = False) -> None:
    op.create_index(name, table, [column], unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _id() -> sa.Column[int]:
    return sa.Column("id", Id, autoincrement=True, nullable=False)


def _of() -> sa.Column[int]:
    return sa.Column("incident_id", Id, nullable=False)


def _belongs(table: str, *key: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f(f"fk_{table}_incident_id_incident")),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
    )


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _at(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)
