"""Which source's word counts over time: who has a say beside others, and values that are locked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SHARED = """
INSERT INTO contender (ci_id, section, source_id, due_at)
SELECT s.ci_id, s.name, s.source_id, 0 FROM section s
JOIN (SELECT ci_id, name FROM section GROUP BY ci_id, name HAVING count(*) > 1) several
  ON several.ci_id = s.ci_id AND several.name = s.name
"""


def upgrade() -> None:
    _contenders()
    _locks()
    op.execute(_SHARED)  # each is looked at once, by the clock


def _contenders() -> None:
    op.create_table(
        "contender",
        *(sa.Column(name, Id, nullable=False) for name in ("ci_id", "source_id")),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("heard_at", sa.BigInteger(), nullable=True),
        *(_of("contender", each) for each in ("ci", "source")),
        sa.PrimaryKeyConstraint("ci_id", "section", "source_id", name=op.f("pk_contender")),
        sqlite_with_rowid=False,
    )
    for name, column in (("due_at", "due_at"), ("heard_at", "source_id")):
        given = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_contender_{name}", "contender", [column], sqlite_where=given, postgresql_where=given)


def _locks() -> None:
    op.create_table(
        "value_lock",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        *(sa.Column(f"{name}_id", Id, nullable=False) for name in ("ci", "path", "val", "source")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("since", "expires_at")),
        _text("reason"),
        _text("change", ""),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        _text("ended_by", ""),
        _text("ended_why", ""),
        *(_of("value_lock", each) for each in ("ci", "path", "val", "source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_value_lock")),
    )
    op.create_index("ix_value_lock_ci_id", "value_lock", ["ci_id"])
    given = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_value_lock_open",
        "value_lock",
        ["ci_id", "path_id"],
        unique=True,
        sqlite_where=given,
        postgresql_where=given,
    )


def _of(table: str, what: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([f"{what}_id"], [f"{what}.id"], name=op.f(f"fk_{table}_{what}_id_{what}"))


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)
