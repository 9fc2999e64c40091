"""Alarms of one CI and category share an incident: those that stand of one alarm take the key they would have now.

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

Row = Mapping[str, Any]
_AT_WORK: Final = ("in_progress", "pending")
_OF_REACH: Final = "/reachability"
"""How the categories of rules end that say a CI cannot be reached: those keep an incident of their own."""
_MAX_KEY: Final = 200


def upgrade() -> None:
    """Give the incidents of single alarms, and the problems behind them, the key of their CI and category.

    Of those that are open at once the one somebody works on takes it, or the oldest; what the others tell of goes
    there when their CI is next looked at.
    """
    connection = op.get_bind()
    incident, problem, ci = (
        sa.table(name, *(sa.column(each) for each in columns))
        for name, columns in (
            ("incident", ("id", "cause_key", "kind", "state", "detail", "ci_id", "resolved_at")),
            ("problem", ("id", "cause_key", "closed_at")), ("ci", ("id", "uid")),
        )
    )  # fmt: skip
    alarms = (incident.c.kind.in_(("alert", "foreign_alert")), incident.c.ci_id == ci.c.id)
    wanted = sa.select(incident, ci.c.uid).where(*alarms).order_by(incident.c.id)
    rows: list[Row] = [dict(row._mapping) for row in connection.execute(wanted)]
    keys = {row["cause_key"]: key for row in rows if (key := _shared(row))}
    worked_on_first = sorted(rows, key=lambda row: row["state"] not in _AT_WORK)
    _rename(incident, keys, worked_on_first, "resolved_at")
    problems: list[Row] = [dict(row._mapping) for row in connection.execute(sa.select(problem).order_by(problem.c.id))]
    _rename(problem, keys, problems, "closed_at")


def _shared(row: Row) -> str:
    """Return the key of the incident this one's alarm shares with others, "" where it is not of one alarm."""
    category = str(json.loads(row["detail"]).get("category", ""))
    if not row["cause_key"].startswith(("rule|", "foreign|")) or category.endswith(_OF_REACH):
        return ""
    return f"alarms|{row['uid']}|{category}"[:_MAX_KEY]


def _rename(table: sa.TableClause, keys: Mapping[str, str], rows: Iterable[Row], ended: str) -> None:
    """Write the new keys; one key stands once among those that have not `ended`."""
    taken: set[str] = set()
    moved = []
    for row in rows:
        key = keys.get(row["cause_key"], "")
        if not key or (row[ended] is None and key in taken):
            continue
        if row[ended] is None:
            taken.add(key)
        moved.append({"its_id": row["id"], "key": key})
    if moved:
        its = sa.update(table).where(table.c.id == sa.bindparam("its_id"))
        op.get_bind().execute(its.values(cause_key=sa.bindparam("key")), moved)


def downgrade() -> None:
    """Nothing: what the version before finds is told in incidents of its own from the next look on."""
