"""What is to be put back is a task, what nobody saw after a change is written down, agents are asked to look at once.

Reverts that were asked for before and are not over become tasks, due a week after the collector learned of tasks.

Revision ID: 0033
Revises: 0032
"""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WEEK_MS = 7 * 86_400_000


def upgrade() -> None:
    op.add_column("agent", sa.Column("look_asked_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "revert", *_numbered("revert"), *_of("revert", "finding"), _text("assignee"), _text("asked_by"),
        _at("asked_at"), _at("due_at"), _text("reason"), _text("state", "open"), _at("turned_at"), _text("note", ""),
        _text("incident", ""), _count("again", "0"), sa.Column("ended_at", sa.BigInteger()),
    )  # fmt: skip
    op.create_index("ix_revert_finding_id", "revert", ["finding_id", "id"])
    op.create_index("ix_revert_assignee", "revert", ["assignee", "id"])
    _only("uq_revert_standing", "revert", ["finding_id"], "ended_at IS NULL")
    op.create_table(
        "unverified", *_numbered("unverified"), *_of("unverified", "change"), _count("place"),
        *_of("unverified", "ci"), _at("over_at"), _at("opened_at"), sa.Column("closed_at", sa.BigInteger()),
        _text("ended", ""),
    )  # fmt: skip
    op.create_index("ix_unverified_ci_id", "unverified", ["ci_id", "id"])
    op.create_index("ix_unverified_change_id", "unverified", ["change_id", "place"])
    _only("uq_unverified_open", "unverified", ["change_id", "place"], "closed_at IS NULL")
    _asked_before()


def downgrade() -> None:
    op.drop_table("unverified")
    op.drop_table("revert")
    op.drop_column("agent", "look_asked_at")


def _asked_before() -> None:
    """Make a task of the last word on each open finding, where that was to put it back."""
    mark = sa.table("finding_mark", *map(sa.column, ("id", "finding_id", "at", "who", "act", "reason", "reference")))
    finding = sa.table("finding", sa.column("id"), sa.column("closed_at"))
    names = ("finding_id", "assignee", "asked_by", "asked_at", "due_at", "reason", "turned_at")
    revert = sa.table("revert", *map(sa.column, names))
    due_at = sa.literal(round(time.time() * 1000) + WEEK_MS, sa.BigInteger())
    its = (mark.c.finding_id, mark.c.reference, mark.c.who, mark.c.at, due_at, mark.c.reason, mark.c.at)
    last = sa.select(sa.func.max(mark.c.id)).group_by(mark.c.finding_id).scalar_subquery()
    where = (mark.c.id.in_(last), mark.c.act == "undo", mark.c.reference != "", finding.c.closed_at.is_(None))
    asked = sa.select(*its).select_from(mark.join(finding, finding.c.id == mark.c.finding_id)).where(*where)
    op.execute(revert.insert().from_select(list(names), asked))


def _only(name: str, table: str, columns: list[str], where: str) -> None:
    standing = sa.text(where)
    op.create_index(name, table, columns, unique=True, sqlite_where=standing, postgresql_where=standing)


def _numbered(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    key = sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))
    return sa.Column("id", Id, autoincrement=True, nullable=False), key


def _of(table: str, other: str) -> tuple[sa.schema.SchemaItem, ...]:
    name = op.f(f"fk_{table}_{other}_id_{other}")
    return (
        sa.Column(f"{other}_id", Id, nullable=False),
        sa.ForeignKeyConstraint([f"{other}_id"], [f"{other}.id"], name=name),
    )


def _at(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _count(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=default)
