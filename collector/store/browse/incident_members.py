"""What an incident is of: the causes it has, or had, and the CIs they are of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident import alert_of
from collector.store.browse.page import AnyRow
from collector.store.browse.ref import CiRef
from collector.store.schema import ci, incident_cause


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One cause an incident has, or had: which CI, in which role, since when, until when (ms; None: still)."""

    ci: CiRef | None
    cause_key: str
    role: str
    title: Mapping[str, str]
    severity: str
    since: int
    ended_at: int | None

    @property
    def alert(self) -> tuple[str, str, str] | None:
        """Rule, CI and instance of the alert it is; None where it is none."""
        return alert_of(self.cause_key)


async def members(connection: AsyncConnection, incident_id: int, limit: int) -> tuple[MemberRow, ...]:
    """Return the causes of an incident: those that are there first, causes before victims."""
    table = incident_cause
    wanted = (
        select(table, ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state)
        .outerjoin(ci, ci.c.id == table.c.ci_id)
        .where(table.c.incident_id == incident_id)
        .order_by(table.c.ended_at.isnot(None), table.c.role, table.c.id)
    )
    return tuple(_member(row) for row in await connection.execute(wanted.limit(limit)))


def _member(row: AnyRow) -> MemberRow:
    place = CiRef(row.uid, row.name, row.ci_class, row.ci_type, row.state) if row.uid else None
    return MemberRow(
        place, row.cause_key, row.role, json.loads(row.title), row.severity, row.since, row.ended_at
    )  # fmt: skip
