"""What the desk knows of an incident when it comes in, from the CI it is about: priority, line, place, contact."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.priority import Affected, Reckoning, reckon
from collector.desk.table import Table
from collector.incident.planning import key_of
from collector.model import CI, Cause
from collector.store import cis, dependants
from collector.store.admissions import Admission


async def admit(tx: AsyncConnection, causes: Iterable[Cause], table: Table) -> dict[str, Admission]:
    """Return what is known of the incidents these causes open, by their keys."""
    opening = list(causes)
    ids = {cause.ci_id for cause in opening if cause.ci_id is not None}
    found, counted = await cis.by_ids(tx, sorted(ids)), await dependants.counted(tx, ids)
    recorded = await dependants.recorded(tx, ids)
    return {
        key_of(cause): _admission(cause, table, found.get(cause.ci_id or 0), counted, recorded) for cause in opening
    }


def _admission(
    cause: Cause,
    table: Table,
    ci: CI | None,
    counted: Mapping[int, tuple[int, int]],
    recorded: Mapping[int, Mapping[str, str]],
) -> Admission:
    said = recorded.get(ci.id, {}) if ci else {}
    place = said.get("place", "")
    line = cause.line or table.line(ci.ci_class if ci else "", place)
    affected = Affected(*counted.get(ci.id, (0, 0))) if ci else Affected()
    return Admission(
        reckon(table, affected, cause.severity, cause.urgency), line, category=cause.category,
        contact=said.get("contact") or said.get("owner", ""), affected=said.get("department", ""), place=place,
        site=place.partition("/")[0].strip(),
    )  # fmt: skip


async def reckoned(
    tx: AsyncConnection, ci_ids: Collection[int], table: Table, severity: str, urgency: str
) -> Reckoning:
    """Return the priority of something that concerns these CIs; what depends on the one most depends on counts."""
    counted = (await dependants.counted(tx, ci_ids)).values()
    return reckon(table, Affected(*max(counted, default=(0, 0))), severity, urgency)
