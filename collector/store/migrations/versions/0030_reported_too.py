"""Whose reports were merged into an incident stands in it: it is theirs to follow, to score and to reopen.

Channels that name the events they hear, and heard of warnings as updates, hear of them by their own name.

Revision ID: 0030
Revises: 0029
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_INCIDENT = sa.table(
    "incident", sa.column("number"), sa.column("reporter"), sa.column("merged_into"), sa.column("also_reported")
)
_CHANNEL = sa.table("channel", sa.column("name"), sa.column("wants"))


def upgrade() -> None:
    op.add_column("incident", sa.Column("also_reported", sa.Text(), nullable=False, server_default="[]"))
    _reported()
    _heard()


def _reported() -> None:
    done, merged = op.get_bind(), _INCIDENT.alias("merged")
    theirs = sa.select(_INCIDENT.c.number, _INCIDENT.c.reporter, merged.c.reporter).join(
        merged, merged.c.merged_into == _INCIDENT.c.number
    )
    names: dict[str, set[str]] = {}
    for number, own, name in done.execute(theirs.where(merged.c.reporter != "")).all():
        names.setdefault(number, set()).update({name} - {own})
    for number, its in names.items():
        mine = _INCIDENT.update().where(_INCIDENT.c.number == number)
        done.execute(mine.values(also_reported=json.dumps(sorted(its), ensure_ascii=False)))


def _heard() -> None:
    done = op.get_bind()
    for name, text in done.execute(sa.select(_CHANNEL.c.name, _CHANNEL.c.wants)).all():
        wants = json.loads(text)
        if "updated" in wants.get("events", ()):
            wants["events"] = [*wants["events"], "warned"]
            done.execute(_CHANNEL.update().where(_CHANNEL.c.name == name).values(wants=json.dumps(wants)))


def downgrade() -> None:
    op.drop_column("incident", "also_reported")
