"""What is to be put back, as it is kept: at most one task a finding stands at a time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, replace
from typing import Any, Final, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import GONE, Verdict
from collector.record import PRODUCTION
from collector.reverting import Revert, State
from collector.store import interning
from collector.store.browse.page import AnyRow
from collector.store.engine import insert
from collector.store.schema import ci, finding, revert

_OWN: Final = [revert.c[each.name] for each in fields(Revert)]
_STANDING: Final = revert.c.ended_at.is_(None)


class Ripe(NamedTuple):
    """A task the clock has to look at, of which CI, and the verdict by which its finding closed, None: it is open."""

    task: Revert
    ci_id: int
    verdict: Verdict | None


async def add(tx: AsyncConnection, new: Revert) -> Revert:
    """Write a task (its `id` is not yet known); raise `IntegrityError` where one of the finding stands."""
    row = _values(new) | {"finding_id": new.finding_id, "turned_at": new.asked_at}
    made = insert(tx, revert).values(row).returning(*_OWN)
    return _opened((await tx.execute(made)).one())


async def change(tx: AsyncConnection, before: Revert, after: Revert) -> bool:
    """Write what became of a task; return False when it is no longer what it was."""
    is_it = (revert.c.id == before.id, _STANDING, revert.c.state == before.state,
             revert.c.turned_at == before.turned_at)  # fmt: skip
    return (await tx.execute(update(revert).where(*is_it).values(_values(after)))).rowcount == 1


async def of_findings(connection: AsyncConnection, ids: Collection[int]) -> dict[int, Revert]:
    """Return finding → its standing task, of those that have one."""
    found: dict[int, Revert] = {}
    for part in interning.chunks(sorted(ids)):
        wanted = select(*_OWN).where(_STANDING, revert.c.finding_id.in_(part))
        found |= {row.finding_id: _opened(row) for row in await connection.execute(wanted)}
    return found


async def of_incident(connection: AsyncConnection, number: str) -> Revert | None:
    """Return the standing task that is done under an incident."""
    row = (await connection.execute(select(*_OWN).where(_STANDING, revert.c.incident == number))).first()
    return _opened(row) if row else None


async def ripe(connection: AsyncConnection) -> list[Ripe]:
    """Return the standing tasks the clock has to look at: said to be done, or nothing is left that would end them."""
    is_closed = finding.c.closed_at.is_not(None)
    is_out = ci.c.state.in_([*map(str, GONE)]) | ci.c.merged_into.is_not(None) | (ci.c.environment != PRODUCTION)
    joined = revert.join(finding, finding.c.id == revert.c.finding_id).join(ci, ci.c.id == finding.c.ci_id)
    wanted = select(*_OWN, finding.c.ci_id, finding.c.verdict, is_closed.label("over")).select_from(joined)
    where = (_STANDING, is_closed | is_out | (revert.c.state == State.DONE))
    rows = await connection.execute(wanted.where(*where).order_by(revert.c.id))
    return [Ripe(_opened(row), row.ci_id, Verdict(row.verdict) if row.over else None) for row in rows]


def ended(one: Revert, state: State, at: int, note: str = "") -> Revert:
    """Return a task as it is when it is over."""
    return replace(one, state=state, turned_at=at, ended_at=at, note=note or one.note)


def _values(one: Revert) -> dict[str, Any]:
    names = (each.name for each in fields(Revert) if each.name not in ("id", "finding_id"))
    return {name: getattr(one, name) for name in names}


def _opened(row: AnyRow) -> Revert:
    return Revert(**{each.name: getattr(row, each.name) for each in fields(Revert)})
