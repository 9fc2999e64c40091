"""Plans as they are kept, whatever comes of them: the newest version of each, and every one before."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.inspecting import plan as inspection
from collector.inspecting import rounds
from collector.inspecting.plan import Plan, Schedule
from collector.inspecting.rounds import Round
from collector.store.engine import insert
from collector.store.schema import inspection_plan, inspection_plan_version

ACTIVE, PAUSED, ENDED = "active", "paused", "ended"
_plan, _version = inspection_plan.c, inspection_plan_version.c


class Scheduled(Protocol):
    """What can be planned."""

    @property
    def schedule(self) -> Schedule: ...


P = TypeVar("P", bound=Scheduled)


@dataclass(frozen=True, slots=True)
class Kept(Generic[P]):
    """A plan in one of its versions. `next_for`: the time it is due for next, `next_at`: when what it plans is made
    (ms, 0: never)."""

    id: int
    number: str
    version: int
    plan: P
    state: str
    made_by: str
    made_at: int
    next_for: int = 0
    next_at: int = 0


@dataclass(frozen=True, slots=True)
class Version(Generic[P]):
    """Who wrote which version of a plan, and when (ms)."""

    version: int
    plan: P
    made_by: str
    made_at: int


@dataclass(frozen=True, slots=True)
class Plans(Generic[P]):
    """Plans of one sort. `makes`: what comes of them; `prefix`: what their numbers begin with.

    `read` and `write`: a plan as JSON values; what is kept was checked when it came in.
    """

    makes: str
    prefix: str
    read: Callable[[Mapping[str, Any]], P]
    write: Callable[[P], Mapping[str, Any]]

    # --- written

    async def add(self, tx: AsyncConnection, plan: P, by: str, at: int) -> Kept[P]:
        """Write a new plan; it has no time yet."""
        body = self._text(plan)
        values = {"number": f"?{uuid.uuid4()}", "version": 1, "body": body, "made_by": by, "made_at": at}
        made = await tx.execute(insert(tx, inspection_plan).values(makes=self.makes, **values).returning(_plan.id))
        plan_id = int(made.scalar_one())
        number = f"{self.prefix}-{plan_id:04d}"
        await tx.execute(update(inspection_plan).where(_plan.id == plan_id).values(number=number))
        await self._keep(tx, plan_id, 1, plan, (by, at))
        return Kept(plan_id, number, 1, plan, ACTIVE, by, at)

    async def change(self, tx: AsyncConnection, kept: Kept[P], plan: P, by: str, at: int) -> int:
        """Write the next version of a plan and return its number."""
        version = kept.version + 1
        values = {"version": version, "body": self._text(plan), "made_by": by, "made_at": at}
        await tx.execute(update(inspection_plan).where(_plan.id == kept.id).values(values))
        await self._keep(tx, kept.id, version, plan, (by, at))
        return version

    async def _keep(self, tx: AsyncConnection, plan_id: int, version: int, plan: P, made: tuple[str, int]) -> None:
        row = {"plan_id": plan_id, "version": version, "body": self._text(plan), "made_by": made[0], "made_at": made[1]}
        await tx.execute(insert(tx, inspection_plan_version).values(row))

    # --- read

    async def find(self, connection: AsyncConnection, number: str, hold: bool = False) -> Kept[P] | None:
        """Return a plan; `hold`: nobody else writes of it until the transaction ends."""
        wanted = select(inspection_plan).where(self._is_one(), _plan.number == number)
        row = (await connection.execute(wanted.with_for_update() if hold else wanted)).one_or_none()
        return self._kept(row) if row else None

    async def is_as(self, tx: AsyncConnection, kept: Kept[P]) -> bool:
        """Return whether a plan still stands as it was read, and hold it until the transaction ends."""
        present = await self.find(tx, kept.number, hold=True)
        return present is not None and (present.version, present.state) == (kept.version, kept.state)

    async def every(self, connection: AsyncConnection) -> list[Kept[P]]:
        """Return all plans, the active ones first, by when they are due next."""
        wanted = select(inspection_plan).where(self._is_one())
        ordered = wanted.order_by(_plan.state == ENDED, _plan.state, _plan.next_for == 0, _plan.next_for, _plan.id)
        return [self._kept(row) for row in await connection.execute(ordered)]

    async def due(self, connection: AsyncConnection, now: int) -> list[Kept[P]]:
        """Return the plans whose time has come by `now` (ms), the longest due first."""
        where = (self._is_one(), _plan.state == ACTIVE, _plan.next_at > 0, _plan.next_at <= now)
        wanted = select(inspection_plan).where(*where).order_by(_plan.next_at)
        return [self._kept(row) for row in await connection.execute(wanted)]

    async def versions(self, connection: AsyncConnection, plan_id: int) -> list[Version[P]]:
        """Return every version of a plan, the newest first."""
        wanted = select(inspection_plan_version).where(_version.plan_id == plan_id).order_by(_version.version.desc())
        return [
            Version(row.version, self.read(json.loads(row.body)), row.made_by, row.made_at)
            for row in await connection.execute(wanted)
        ]

    async def in_version(
        self, connection: AsyncConnection, pairs: Collection[tuple[int, int]]
    ) -> dict[tuple[int, int], P]:
        """Return (plan id, version) → that plan."""
        found = {}
        for plan_id, version in set(pairs):
            where = (_version.plan_id == plan_id, _version.version == version)
            body = (await connection.execute(select(_version.body).where(*where))).scalar_one()
            found[plan_id, version] = self.read(json.loads(body))
        return found

    def _is_one(self) -> ColumnElement[bool]:
        return _plan.makes == self.makes

    def _text(self, plan: P) -> str:
        return json.dumps(self.write(plan), ensure_ascii=False)

    def _kept(self, row: Row[Any]) -> Kept[P]:
        return Kept(
            row.id, row.number, row.version, self.read(json.loads(row.body)), row.state, row.made_by, row.made_at,
            row.next_for, row.next_at,
        )  # fmt: skip


INSPECTIONS: Final[Plans[Plan]] = Plans("inspection", "PLN", inspection.of_values, inspection.values_of)
ROUNDS: Final[Plans[Round]] = Plans("stocktake", "RND", rounds.of_values, rounds.values_of)


# --- of any sort


async def set_next(tx: AsyncConnection, plan_id: int, next_for: int, next_at: int) -> None:
    """Write what a plan is due for next, and when that is made (ms, 0: never)."""
    values = {"next_for": next_for, "next_at": next_at}
    await tx.execute(update(inspection_plan).where(_plan.id == plan_id).values(values))


async def move_on(tx: AsyncConnection, kept: Kept[Any], next_for: int, next_at: int) -> None:
    """Write when a plan is due next, unless somebody has written it meanwhile."""
    is_it = (_plan.id == kept.id, _plan.version == kept.version, _plan.next_for == kept.next_for)
    values = {"next_for": next_for, "next_at": next_at}
    await tx.execute(update(inspection_plan).where(*is_it).values(values))


async def set_state(tx: AsyncConnection, plan_id: int, state: str) -> None:
    await tx.execute(update(inspection_plan).where(_plan.id == plan_id).values(state=state))


async def number_of(connection: AsyncConnection, plan_id: int) -> str:
    return str((await connection.execute(select(_plan.number).where(_plan.id == plan_id))).scalar_one())
