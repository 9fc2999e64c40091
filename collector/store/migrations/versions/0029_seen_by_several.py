"""An item of a finding, and an acceptance of one, say which source it is of: what several show is one finding.

Revision ID: 0029
Revises: 0028
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ITEMS = ("finding_item", "acceptance")
_KEY = ["finding_id", "path_id", "field", "hi"]
_OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    _let_go_of_indexes()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table in _ITEMS:
        op.add_column(table, sa.Column("source_id", Id, nullable=True))
        its = sa.table(table, sa.column("finding_id"), sa.column("source_id"))
        op.execute(its.update().values(source_id=_first_source(its)))
        in_key = (sa.Column("source_id", Id, primary_key=True, nullable=False),) if is_sqlite else ()
        with op.batch_alter_table(table, reflect_args=in_key) as batch:
            if not is_sqlite:
                batch.alter_column("source_id", existing_type=Id, nullable=False)
                batch.drop_constraint(op.f(_name_of_key(table)), type_="primary")
            batch.create_primary_key(op.f(f"pk_{table}"), [*_KEY, "source_id"])
            batch.create_foreign_key(op.f(f"fk_{table}_source_id_source"), "source", ["source_id"], ["id"])
    _index()


def downgrade() -> None:
    _let_go_of_indexes()
    for table in _ITEMS:
        its = sa.table(table, sa.column("finding_id"), sa.column("source_id"))
        op.execute(its.delete().where(its.c.source_id != _first_source(its)))
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"fk_{table}_source_id_source"), type_="foreignkey")
            batch.drop_constraint(op.f(f"pk_{table}"), type_="primary")
            batch.drop_column("source_id")
            batch.create_primary_key(op.f(f"pk_{table}"), _KEY)
    _index()


def _first_source(its: sa.TableClause) -> sa.ScalarSelect[Any]:
    finding = sa.table("finding", sa.column("id"), sa.column("source_id"))
    return sa.select(finding.c.source_id).where(finding.c.id == its.c.finding_id).correlate(its).scalar_subquery()


def _name_of_key(table: str) -> str:
    """Return what the primary key is called: an earlier migration gave one of them another name."""
    return str(sa.inspect(op.get_bind()).get_pk_constraint(table)["name"])


def _let_go_of_indexes() -> None:
    """SQLite has to write the tables anew, which knows no index of an expression."""
    op.drop_index("ix_finding_item_alike", "finding_item")
    op.drop_index("ix_finding_item_path_id", "finding_item")


def _index() -> None:
    op.create_index("ix_finding_item_path_id", "finding_item", ["path_id"])
    op.create_index(
        "ix_finding_item_alike", "finding_item", ["path_id", "field", sa.text("coalesce(new_val_id, 0)"), "hi"],
        sqlite_where=_OPEN, postgresql_where=_OPEN,
    )  # fmt: skip
