"""Incidents under incidents: when one is resolved, what stands under it is resolved with it, or says why not."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident import family
from collector.incident.family import WITH_PARENT, Stays
from collector.incident.planning import RESOLVED
from collector.model import Incident
from collector.store import desk, interning
from collector.store.desk import COLLECTOR, Mark
from collector.store.incident_rows import incident_of, resolve, unresolved
from collector.store.schema import incident
from collector.store.telling import Told

SAID: Final = "随父事件 {0} 解决 / resolved with its parent {0}"


async def follow(tx: AsyncConnection, parents: Iterable[Incident], now: int) -> list[Told]:
    """Resolve what stands under incidents that were resolved, and what stands under that; return what is to be told.

    What stays open gets a step in its trail that says why. The solution is that of the incident above, until somebody
    writes another one.
    """
    above = {each.number: each.resolution_code for each in parents if family.leads(each)}
    found: list[Told] = []
    while above:
        told = [(child, up, family.stays(child, above[up])) for child, up in await _under(tx, above)]
        under = {child.number: up for child, up, why in told if why is None}
        over = [replace(child, **_over(now)) for child, _, why in told if why is None]
        await _inherit(tx, [each.id for each in over])
        resolved = await resolve(tx, over, now)
        await desk.turn(tx, resolved, now)
        await desk.note(tx, [(child.id, _mark(up, why, now)) for child, up, why in told])
        found += [(each, "resolved", SAID.format(under[each.number])) for each in resolved]
        above = {number: above[up] for number, up in under.items()}
    return found


def _over(now: int) -> dict[str, Any]:
    return {"state": RESOLVED, "resolved_at": now, "resolution_code": WITH_PARENT}


def _mark(parent: str, why: Stays | None, now: int) -> Mark:
    detail = {"parent": parent} | ({"why": str(why)} if why else {})
    return Mark(now, COLLECTOR, "stays_open" if why else WITH_PARENT, detail=detail)


async def _under(tx: AsyncConnection, numbers: Collection[str]) -> list[tuple[Incident, str]]:
    """Return the open incidents under these with the number of the one above, held until the transaction ends."""
    found = []
    for part in interning.chunks(sorted(numbers)):
        wanted = select(incident).where(incident.c.parent.in_(part), unresolved()).order_by(incident.c.id)
        found += [(incident_of(row), row.parent) for row in await tx.execute(wanted.with_for_update())]
    return found


async def _inherit(tx: AsyncConnection, ids: Collection[int]) -> None:
    """Write the solution of the incident above into those that have none."""
    above = incident.alias("above")
    solution = select(above.c.resolution).where(above.c.number == incident.c.parent).scalar_subquery()
    for part in interning.chunks(sorted(ids)):
        mine = update(incident).where(incident.c.id.in_(part), incident.c.resolution == "")
        await tx.execute(mine.values(resolution=solution))


async def put_under(tx: AsyncConnection, numbers: Collection[str], parent: str) -> None:
    """Let incidents stand under another one, unless somebody has put them elsewhere."""
    for part in interning.chunks(sorted(numbers)):
        free = update(incident).where(incident.c.number.in_(part), incident.c.parent == "")
        await tx.execute(free.values(parent=parent))


async def report_too(tx: AsyncConnection, into: Incident, names: Collection[str]) -> None:
    """Let an incident be that of its own reporters and of these: what they reported is merged into it."""
    also = sorted({*into.also_reported, *names} - {into.reporter})
    if also != list(into.also_reported):
        values = {"also_reported": json.dumps(also, ensure_ascii=False), "version": into.version + 1}
        await tx.execute(update(incident).where(incident.c.id == into.id).values(values))


async def adopt(tx: AsyncConnection, number: str, into: str, above: Collection[str]) -> None:
    """Put what stands under one incident under another one it is merged into.

    `above`: what the other one stands under; these stay where they are, or they would stand under themselves.
    """
    mine = update(incident).where(incident.c.parent == number, incident.c.number.not_in([into, *above]))
    await tx.execute(mine.values(parent=into))
