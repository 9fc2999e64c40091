"""With which incidents what inspections found is, and which incidents there are for what one found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident.planning import MERGED
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import incident, incident_cause, inspection_found, inspection_run

_found, _of = inspection_found.c, incident.c


@dataclass(frozen=True, slots=True)
class Home:
    """The newest incident of a cause, or the one that holds it now; `resolved_at` (ms) None: it is open."""

    number: str
    state: str
    resolved_at: int | None


async def homes(connection: AsyncConnection, keys: Collection[str]) -> dict[str, Home]:
    """Return key of a cause → its incident, of those that ever had one; what was merged is where it went."""
    found: dict[str, Home] = {}
    into: dict[str, str] = {}
    for part in interning.chunks(sorted(keys)):
        wanted = select(_of.cause_key, _of.number, _of.state, _of.resolved_at, _of.merged_into)
        for row in await connection.execute(wanted.where(_of.cause_key.in_(part)).order_by(_of.id)):
            found[row.cause_key] = Home(row.number, row.state, row.resolved_at)
            into[row.cause_key] = row.merged_into if row.state == MERGED else ""
    targets = await _by_number(connection, {number for number in into.values() if number})
    found |= {key: targets[number] for key, number in into.items() if number in targets}
    return found | await _holding(connection, keys)


async def _by_number(connection: AsyncConnection, numbers: Collection[str]) -> dict[str, Home]:
    found: dict[str, Home] = {}
    for part in interning.chunks(sorted(numbers)):
        wanted = select(_of.number, _of.state, _of.resolved_at).where(_of.number.in_(part))
        found |= {row.number: Home(*row) for row in await connection.execute(wanted)}
    return found


async def _holding(connection: AsyncConnection, keys: Collection[str]) -> dict[str, Home]:
    """Return the incidents that hold causes now; one that people resolved while its alarm goes on holds it still."""
    found: dict[str, Home] = {}
    member = incident_cause.c
    wanted = select(member.cause_key, _of.number, _of.state).join(incident, _of.id == member.incident_id)
    for part in interning.chunks(sorted(keys)):
        rows = await connection.execute(wanted.where(member.ended_at.is_(None), member.cause_key.in_(part)))
        found |= {row.cause_key: Home(row.number, row.state, None) for row in rows}
    return found


async def write(tx: AsyncConnection, run_id: int, found: Mapping[str, tuple[str, bool]]) -> None:
    """Write with which incident each cause is, and whether it was opened for it, in the place of what stood there."""
    await tx.execute(delete(inspection_found).where(_found.run_id == run_id))
    rows = [
        {"run_id": run_id, "cause_key": key, "incident": number, "opened": opened}
        for key, (number, opened) in found.items()
    ]
    if rows:
        await tx.execute(insert(tx, inspection_found), rows)


async def of(connection: AsyncConnection, run_id: int) -> dict[str, str]:
    """Return key of a cause → number of its incident, as it was when the run was signed."""
    rows = await connection.execute(select(_found.cause_key, _found.incident).where(_found.run_id == run_id))
    return {row.cause_key: row.incident for row in rows}


async def open_of_plan(connection: AsyncConnection, plan_id: int) -> dict[int, set[str]]:
    """Return incident id → keys of causes, of the open incidents that runs of a plan opened."""
    joined = inspection_found.join(inspection_run, inspection_run.c.id == _found.run_id).join(
        incident, _of.number == _found.incident
    )
    where = (inspection_run.c.plan_id == plan_id, _found.opened.is_(True), _of.resolved_at.is_(None))
    found: dict[int, set[str]] = {}
    for row in await connection.execute(select(_of.id, _found.cause_key).select_from(joined).where(*where)):
        found.setdefault(row.id, set()).add(row.cause_key)
    return found


async def ids(connection: AsyncConnection, numbers: Iterable[str]) -> dict[str, int]:
    """Return number → id of incidents."""
    found: dict[str, int] = {}
    for part in interning.chunks(sorted(numbers)):
        rows = await connection.execute(select(_of.number, _of.id).where(_of.number.in_(part)))
        found |= {row.number: row.id for row in rows}
    return found
