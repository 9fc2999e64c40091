"""Arrival rules as they are kept: a row a version, the present one without an end."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.arrival import ArrivalRule
from collector.model import FOREVER
from collector.store.accounts import ACTIVE
from collector.store.engine import insert
from collector.store.schema import account
from collector.store.schema import arrival_rule as table


@dataclass(frozen=True, slots=True)
class Kept:
    """A version of a rule, the time it held over [vf, vt) in ms, and the roles its maker has now.

    No role: the account is no longer in use, and its rules accept nobody.
    """

    rule: ArrivalRule
    vf: int
    vt: int = FOREVER
    roles: tuple[str, ...] = ()


async def add(tx: AsyncConnection, rule: ArrivalRule, at: int) -> ArrivalRule:
    """Write the first version of a rule and give it its number."""
    values = _values(rule) | {"number": f"new|{at}|{rule.made_by}", "version": 1, "vf": at}
    row_id = int((await tx.execute(insert(tx, table).values(values).returning(table.c.id))).scalar_one())
    number = f"ARR-{row_id:06d}"
    await tx.execute(update(table).where(table.c.id == row_id).values(number=number))
    return _rule(values | {"number": number})


async def replace(tx: AsyncConnection, rule: ArrivalRule, at: int) -> bool:
    """Write the version after `rule.version` of a rule; return False when that is no longer the present one."""
    is_it = (table.c.number == rule.number, table.c.version == rule.version, table.c.vt == FOREVER)
    # What holds over no time at all would have no moment at which it was true.
    at = max(at, int((await tx.execute(select(func.max(table.c.vf)).where(*is_it))).scalar_one() or 0) + 1)
    if (await tx.execute(update(table).where(*is_it).values(vt=at))).rowcount != 1:
        return False
    values = _values(rule) | {"number": rule.number, "version": rule.version + 1, "vf": at}
    await tx.execute(insert(tx, table).values(values))
    return True


async def find(connection: AsyncConnection, number: str) -> Kept | None:
    """Return a rule as it stands."""
    row = (await connection.execute(_kept().where(table.c.number == number, table.c.vt == FOREVER))).one_or_none()
    return _as_kept(row) if row else None


async def everyone(connection: AsyncConnection) -> list[Kept]:
    """Return all rules as they stand, those that are on first."""
    rows = await connection.execute(
        _kept().where(table.c.vt == FOREVER).order_by(table.c.is_on.desc(), table.c.number)
    )  # fmt: skip
    return [_as_kept(row) for row in rows]


async def holding(connection: AsyncConnection, at: int) -> list[Kept]:
    """Return the rules that are on and have not ended by `at` (ms)."""
    wanted = _kept().where(table.c.vt == FOREVER, table.c.is_on)
    return [each for each in map(_as_kept, await connection.execute(wanted)) if each.rule.holds(at)]


async def versions(connection: AsyncConnection, number: str, limit: int = 100) -> list[Kept]:
    """Return the versions of a rule, the newest first."""
    wanted = _kept().where(table.c.number == number).order_by(table.c.version.desc()).limit(limit)
    return [_as_kept(row) for row in await connection.execute(wanted)]


async def stood(connection: AsyncConnection, numbers: Iterable[str], at: int) -> dict[str, Kept]:
    """Return number → the version that held at `at` (ms)."""
    then = (table.c.number.in_(sorted(numbers)), table.c.vf <= at, table.c.vt > at)
    return {each.rule.number: each for each in map(_as_kept, await connection.execute(_kept().where(*then)))}


async def is_called(connection: AsyncConnection, name: str, but: str) -> bool:
    """Return whether another rule than the one of this number bears a name."""
    others = select(table.c.id).where(table.c.name == name, table.c.number != but, table.c.vt == FOREVER)
    return (await connection.execute(others.limit(1))).first() is not None


async def count(connection: AsyncConnection) -> int:
    """Return how many rules there are."""
    wanted = select(func.count()).select_from(table).where(table.c.vt == FOREVER)
    return int((await connection.execute(wanted)).scalar_one())


def _kept() -> Select[Any]:
    joined = table.outerjoin(account, (account.c.name == table.c.made_by) & (account.c.state == ACTIVE))
    return select(table, account.c.roles).select_from(joined)


def _as_kept(row: Row[Any]) -> Kept:
    its = dict(row._mapping)
    return Kept(_rule(its), its["vf"], its["vt"], tuple(json.loads(its["roles"] or "[]")))


def _values(rule: ArrivalRule) -> dict[str, Any]:
    return {
        "name": rule.name, "ci_class": rule.ci_class, "ci_type": rule.ci_type, "zone": rule.zone,
        "ranges": json.dumps(list(rule.within)), "gives": json.dumps(dict(rule.gives), ensure_ascii=False),
        "is_on": bool(rule.on_since), "on_since": rule.on_since, "ends_at": rule.ends_at, "made_by": rule.made_by,
    }  # fmt: skip


def _rule(its: dict[str, Any]) -> ArrivalRule:
    return ArrivalRule(
        its["name"], its["ci_class"], its["ci_type"], its["zone"], tuple(json.loads(its["ranges"])),
        json.loads(its["gives"]), its["ends_at"], its["number"], its["version"], its["on_since"], its["made_by"],
    )  # fmt: skip
