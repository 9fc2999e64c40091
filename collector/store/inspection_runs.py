"""Runs of plans as they are kept: one a plan, time and part of its scope; what every check said of what was in it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.inspecting.line import Coverage, Line, State
from collector.stocktake import Thing
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import inspection_ci, inspection_line, inspection_run, inspection_seal

OPEN, SIGNED, DONE, CANCELLED = "open", "signed", "done", "cancelled"
"""To be filled in; signed by the inspector, to be reviewed; nothing more is written of it but notes; nor is it done."""
UNFINISHED: Final = (OPEN, SIGNED)
_run, _ci, _line = inspection_run.c, inspection_ci.c, inspection_line.c


@dataclass(frozen=True, slots=True)
class New:
    """A run that is to be made, of a plan in one version; times in ms.

    `missed`: times before it nobody ran; `part`: of a scope that is too large for one report, counted from 0.
    """

    plan_id: int
    version: int
    title: Mapping[str, str]
    scheduled_for: int
    made_at: int
    due_at: int
    assignee: str
    deputy: str = ""
    missed: int = 0
    part: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """A run and how far it got. `incident`: its number; `digest`: of the report, once it is signed; times in ms."""

    id: int
    number: str
    new: New
    looked_at: int
    state: str = OPEN
    incident: str = ""
    previous_id: int | None = None
    coverage: Coverage = field(default_factory=lambda: Coverage(0, 0, {}))
    signed_by: str = ""
    signed_at: int | None = None
    reviewed_by: str = ""
    reviewed_at: int | None = None
    digest: str = ""
    cancelled_by: str = ""
    cancelled_at: int | None = None
    cancel_reason: str = ""


# --- written


async def add(tx: AsyncConnection, new: New) -> Run | None:
    """Write a run; return None when that plan has one for that time and part already."""
    latest = (_run.scheduled_for.desc(), _run.part != new.part, _run.part)
    previous = select(_run.id).where(_run.plan_id == new.plan_id).order_by(*latest).limit(1)
    previous_id = (await tx.execute(previous.where(_run.scheduled_for < new.scheduled_for))).scalar()
    values = {
        **asdict(new), "title": json.dumps(dict(new.title), ensure_ascii=False), "number": f"?{uuid.uuid4()}",
        "looked_at": new.made_at, "previous_id": previous_id,
    }  # fmt: skip
    made = insert(tx, inspection_run).values(values)
    once = made.on_conflict_do_nothing(index_elements=["plan_id", "scheduled_for", "part"]).returning(_run.id)
    run_id = (await tx.execute(once)).scalar()
    if run_id is None:
        return None
    number = f"INS-{run_id:06d}"
    await tx.execute(update(inspection_run).where(_run.id == run_id).values(number=number))
    return Run(run_id, number, new, new.made_at, previous_id=previous_id)


async def write_report(
    tx: AsyncConnection, run_id: int, things: Iterable[Thing], lines: Sequence[Line], seen: Coverage, at: int
) -> None:
    """Write what was in scope and what was said of it at `at` (ms), in the place of what stood there."""
    for table in (inspection_line, inspection_ci):
        await tx.execute(delete(table).where(table.c.run_id == run_id))
    cis = [{"run_id": run_id, "ci_id": each.ci_id, "thing": _text(asdict(each))} for each in things]
    if cis:
        await tx.execute(insert(tx, inspection_ci), cis)
    if lines:
        await tx.execute(insert(tx, inspection_line), [_values(run_id, line) for line in lines])
    await _change(tx, run_id, counts=_text(asdict(seen)), looked_at=at)


def _values(run_id: int, line: Line) -> dict[str, Any]:
    said = {"state": str(line.state), "evidence": _text(line.evidence), "limits": _text(line.limits)}
    return {"run_id": run_id, **asdict(line), **said}


async def link(tx: AsyncConnection, run_id: int, incident: str) -> None:
    """Write which incident a run has."""
    await _change(tx, run_id, incident=incident)


async def assign(tx: AsyncConnection, run_id: int, assignee: str, deputy: str) -> None:
    await _change(tx, run_id, assignee=assignee, deputy=deputy)


async def sign(tx: AsyncConnection, run_id: int, state: str, by: tuple[str, int], sealed: tuple[str, bytes]) -> None:
    """Write who signed and when, and the report that was signed: its digest and its text, deflated."""
    await _change(tx, run_id, state=state, signed_by=by[0], signed_at=by[1], digest=sealed[0])
    await tx.execute(insert(tx, inspection_seal).values(run_id=run_id, body=sealed[1]))


async def review(tx: AsyncConnection, run_id: int, by: str, at: int) -> None:
    await _change(tx, run_id, state=DONE, reviewed_by=by, reviewed_at=at)


async def cancel(tx: AsyncConnection, run_id: int, by: tuple[str, int], reason: str) -> None:
    """Write that a run is not done any more, by whom, when (ms) and why."""
    await _change(tx, run_id, state=CANCELLED, cancelled_by=by[0], cancelled_at=by[1], cancel_reason=reason)


async def unsign(tx: AsyncConnection, run_id: int) -> None:
    """Take the inspector's signature away: the reviewer has sent it back."""
    await tx.execute(delete(inspection_seal).where(inspection_seal.c.run_id == run_id))
    await _change(tx, run_id, state=OPEN, signed_by="", signed_at=None, digest="")


async def _change(tx: AsyncConnection, run_id: int, **values: Any) -> None:
    await tx.execute(update(inspection_run).where(_run.id == run_id).values(values))


# --- read


async def find(connection: AsyncConnection, number: str, hold: bool = False) -> Run | None:
    """Return a run; `hold`: nobody else writes of it until the transaction ends."""
    wanted = select(inspection_run).where(_run.number == number)
    row = (await connection.execute(wanted.with_for_update() if hold else wanted)).one_or_none()
    return run_of(row) if row else None


async def is_made(connection: AsyncConnection, plan_id: int, scheduled_for: int, part: int) -> bool:
    where = (_run.plan_id == plan_id, _run.scheduled_for == scheduled_for, _run.part == part)
    return (await connection.execute(select(_run.id).where(*where))).scalar() is not None


async def parted(connection: AsyncConnection, run: Run) -> list[int] | None:
    """Return the CIs a run is of where others of its time are of the rest; None where it is of the whole scope."""
    beside = select(_run.id).where(
        _run.plan_id == run.new.plan_id, _run.scheduled_for == run.new.scheduled_for, _run.part > 0
    )
    if (await connection.execute(beside.limit(1))).scalar() is None:
        return None
    return list((await connection.execute(select(_ci.ci_id).where(_ci.run_id == run.id))).scalars())


async def things(connection: AsyncConnection, run_id: int) -> dict[int, Thing]:
    """Return what was in scope, as the record had it then."""
    rows = await connection.execute(select(_ci.ci_id, _ci.thing).where(_ci.run_id == run_id))
    return {row.ci_id: Thing(**json.loads(row.thing)) for row in rows}


async def lines(
    connection: AsyncConnection, run_id: int, states: Collection[str] = (), most: int = 1_000_000
) -> list[Line]:
    """Return what was said, in some states or in all, by CI and rule."""
    wanted = select(inspection_line).where(_line.run_id == run_id)
    if states:
        wanted = wanted.where(_line.state.in_(states))
    ordered = wanted.order_by(_line.ci_id, _line.rule, _line.instance).limit(most)
    return [_line_of(row) for row in await connection.execute(ordered)]


async def lines_before(
    connection: AsyncConnection, run: Run, ci_ids: Iterable[int], states: Collection[str]
) -> list[Line]:
    """Return what the runs of the time before said of these CIs, in some states, whichever part they were in."""
    if run.previous_id is None:
        return []
    at = select(_run.scheduled_for).where(_run.id == run.previous_id).scalar_subquery()
    runs = select(_run.id).where(_run.plan_id == run.new.plan_id, _run.scheduled_for == at)
    found: list[Line] = []
    for part in interning.chunks(sorted(ci_ids)):
        where = (_line.run_id.in_(runs), _line.ci_id.in_(part), _line.state.in_(states))
        found += [_line_of(row) for row in await connection.execute(select(inspection_line).where(*where))]
    return sorted(found, key=lambda line: line.key)


async def sealed(connection: AsyncConnection, run_id: int) -> bytes | None:
    """Return the text of the signed report, deflated."""
    wanted = select(inspection_seal.c.body).where(inspection_seal.c.run_id == run_id)
    body = (await connection.execute(wanted)).scalar()
    return None if body is None else bytes(body)


async def numbers(connection: AsyncConnection, run_ids: Sequence[int]) -> dict[int, str]:
    """Return id → number of some runs."""
    found: dict[int, str] = {}
    for part in interning.chunks(run_ids):
        rows = await connection.execute(select(_run.id, _run.number).where(_run.id.in_(part)))
        found.update({row.id: row.number for row in rows})
    return found


def run_of(row: Row[Any]) -> Run:
    """Return a row of the table of runs as a value."""
    new = New(
        row.plan_id, row.version, json.loads(row.title), row.scheduled_for, row.made_at, row.due_at, row.assignee,
        row.deputy, row.missed, row.part,
    )  # fmt: skip
    counts = json.loads(row.counts)
    return Run(
        row.id, row.number, new, row.looked_at, row.state, row.incident, row.previous_id,
        Coverage(**counts) if counts else Coverage(0, 0, {}), row.signed_by, row.signed_at, row.reviewed_by,
        row.reviewed_at, row.digest, row.cancelled_by, row.cancelled_at, row.cancel_reason,
    )  # fmt: skip


def _line_of(row: Row[Any]) -> Line:
    return Line(
        row.ci_id, row.rule, row.instance, State(row.state), row.reason, row.severity, json.loads(row.evidence),
        json.loads(row.limits), row.since, row.observed_at, row.source, row.incident, row.standing,
    )  # fmt: skip


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=False)
