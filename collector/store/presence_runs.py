"""Runs: looks at many CIs at once, what they looked for, and what is held of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.retirement import Phase, RunVerdict
from collector.store import interning, schema
from collector.store.browse.swept import PROTOCOLS
from collector.store.engine import insert
from collector.store.sweeps import DONE

_run, _ci = schema.presence_run.c, schema.ci.c


@dataclass(frozen=True, slots=True)
class Run:
    """One look. `kind`: sweep or agents; `scope`: uid of the plan, or agents; `reference`: the sweep's uid. Times: ms.

    `looked`: for how many; `gone`: how many newly were; `missed`: whose misses count, None: not counted yet.
    """

    kind: str
    scope: str
    reference: str
    began_at: int
    ended_at: int
    verdict: str
    looked: int = 0
    gone: int = 0
    missed: int | None = None
    believed_by: str = ""
    reason: str = ""


_COLUMNS = [_run[name] for name in Run.__slots__]


async def add(connection: AsyncConnection, run: Run) -> bool:
    """Write a run down; return False when somebody else has."""
    fresh = insert(connection, schema.presence_run).values(asdict(run)).on_conflict_do_nothing()
    return (await connection.execute(fresh.returning(_run.id))).first() is not None


async def change(connection: AsyncConnection, reference: str, was: Collection[str], **values: object) -> bool:
    """Write these columns of a run whose verdict is one of `was`; return whether it is."""
    its = update(schema.presence_run).where(_run.reference == reference, _run.verdict.in_(was))
    return (await connection.execute(its.values(**values).returning(_run.id))).first() is not None


async def count_believed(connection: AsyncConnection, reference: str, missed: int) -> bool:
    """Write down that a run a person believes is counted; return False when it was before."""
    its = (_run.reference == reference, _run.verdict == str(RunVerdict.BELIEVED), _run.missed.is_(None))
    counted = update(schema.presence_run).where(*its).values(missed=missed)
    return (await connection.execute(counted.returning(_run.id))).first() is not None


async def find(connection: AsyncConnection, reference: str) -> Run | None:
    row = (await connection.execute(select(*_COLUMNS).where(_run.reference == reference))).first()
    return Run(*row) if row else None


async def recent(connection: AsyncConnection, limit: int, before: str = "") -> list[Run]:
    """Return runs, newest first, those older than the one with reference `before`."""
    statement = select(*_COLUMNS).order_by(_run.id.desc()).limit(limit)
    if before:
        older = select(_run.id).where(_run.reference == before).scalar_subquery()
        statement = statement.where(_run.id < older)
    return [Run(*row) for row in await connection.execute(statement)]


async def believed(connection: AsyncConnection) -> list[Run]:
    """Return the runs a person believes that are not counted yet."""
    wanted = (_run.verdict == str(RunVerdict.BELIEVED), _run.missed.is_(None))
    return [Run(*row) for row in await connection.execute(select(*_COLUMNS).where(*wanted).order_by(_run.id))]


async def quarantined(connection: AsyncConnection) -> list[Run]:
    """Return the runs in quarantine that are the last of their scope."""
    last = select(func.max(_run.id)).group_by(_run.scope).scalar_subquery()
    wanted = (_run.id.in_(last), _run.verdict == str(RunVerdict.QUARANTINED))
    return [Run(*row) for row in await connection.execute(select(*_COLUMNS).where(*wanted).order_by(_run.id))]


async def last_of(connection: AsyncConnection, scope: str) -> Run | None:
    statement = select(*_COLUMNS).where(_run.scope == scope).order_by(_run.id.desc()).limit(1)
    row = (await connection.execute(statement)).first()
    return Run(*row) if row else None


# --- what runs looked for


@dataclass(frozen=True, slots=True)
class SweepRun:
    """A sweep of a plan that is done; `settings`: JSON, as they were when it began."""

    id: int
    uid: str
    plan_uid: str
    zone: str
    began_at: int
    ended_at: int
    settings: str


_SWEEPS = select(
    schema.sweep.c.id, schema.sweep.c.uid, schema.sweep_plan.c.uid, schema.sweep.c.zone, schema.sweep.c.started_at,
    schema.sweep.c.ended_at, schema.sweep.c.settings,
).select_from(schema.sweep.join(schema.sweep_plan))  # fmt: skip


async def uncounted(connection: AsyncConnection, limit: int) -> list[SweepRun]:
    """Return the oldest sweeps of whole plans that are done and were not counted yet."""
    counted = exists().where(_run.reference == schema.sweep.c.uid)
    whole = schema.sweep.c.settings == schema.sweep_plan.c.settings  # not of what failed in another one alone
    done = _SWEEPS.where(schema.sweep.c.state == DONE, whole, ~counted)
    rows = await connection.execute(done.order_by(schema.sweep.c.ended_at).limit(limit))
    return [SweepRun(*row) for row in rows]


async def sweep_of(connection: AsyncConnection, uid: str) -> SweepRun | None:
    row = (await connection.execute(_SWEEPS.where(schema.sweep.c.uid == uid))).first()
    return SweepRun(*row) if row else None


_STANDS = or_(_ci.state.in_(("active", "unreachable", "missing")), schema.presence.c.phase == str(Phase.BACK))
_BOUND = schema.subject_ci.join(schema.source).join(schema.ci).outerjoin(schema.presence)


async def swept(connection: AsyncConnection, zone: str) -> list[tuple[int, str]]:
    """Return (CI, address) of all that is known by sweeps in `zone` and should be there."""
    code = schema.source.c.code
    found = (
        select(schema.subject_ci.c.ci_id, code)
        .select_from(_BOUND)
        .where(schema.source.c.kind.in_(PROTOCOLS), schema.subject_ci.c.role == "host", _ci.merged_into.is_(None))
        .where(_STANDS, or_(*(code.startswith(f"{each}/{zone}/", autoescape=True) for each in PROTOCOLS)))
    )
    rows = (await connection.execute(found)).all()
    return sorted({(row.ci_id, row.code.split("/")[2]) for row in rows})


async def heard(connection: AsyncConnection) -> list[tuple[int, int]]:
    """Return (CI, when its agent was last heard in ms) of all hosts with an agent that should be there."""
    agents = _BOUND.join(schema.agent, schema.agent.c.id == schema.source.c.agent_id)
    found = (
        select(schema.subject_ci.c.ci_id, func.max(schema.agent.c.last_seen))
        .select_from(agents)
        .where(schema.subject_ci.c.role == "host", schema.agent.c.state == "active", _ci.merged_into.is_(None), _STANDS)
        .group_by(schema.subject_ci.c.ci_id)
    )
    return [(row[0], row[1]) for row in await connection.execute(found)]


@dataclass(frozen=True, slots=True)
class End:
    """Where one address of a sweep ended, as the probe `agent_id` (0: not known) says."""

    stage: str
    cause: str
    at: int
    agent_id: int


async def ends(connection: AsyncConnection, sweep_id: int, addresses: Sequence[str]) -> dict[str, End]:
    """Return where those of `addresses` ended that the sweep looked at."""
    target, found = schema.sweep_target.c, dict[str, End]()
    for part in interning.chunks(addresses):
        here = (target.sweep_id == sweep_id, target.address.in_(part))
        rows = select(target.address, target.stage, target.cause, target.at, target.agent_id).where(*here)
        for address, stage, cause, at, agent_id in await connection.execute(rows):
            found[address] = End(stage, cause, at, agent_id or 0)
    return found
