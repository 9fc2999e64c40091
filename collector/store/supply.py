"""Who supplies what: how many CIs of each class and type there are, and of how many each section was ever read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.schema import alert, ci, section

Kind = tuple[str, str]
"""Class and type."""
GONE = ("proposed", "retired", "archived")


@dataclass(frozen=True, slots=True)
class Supply:
    """`cis`: kind → CIs in use; `read`: (section, kind) → of how many of them it was read with success."""

    cis: Mapping[Kind, int]
    read: Mapping[tuple[str, Kind], int]


async def supply(connection: AsyncConnection) -> Supply:
    """Return what is supplied of the CIs in use."""
    kind = ci.c.ci_class, ci.c.ci_type
    in_use = ci.c.state.not_in(GONE), ci.c.merged_into.is_(None), ci.c.environment == "production"
    counted = select(*kind, func.count()).where(*in_use).group_by(*kind)
    told = (
        select(section.c.name, *kind, func.count(func.distinct(section.c.ci_id)))
        .select_from(section.join(ci, ci.c.id == section.c.ci_id))
        .where(*in_use, section.c.last_ok > 0)
        .group_by(section.c.name, *kind)
    )
    cis = {(row[0], row[1]): row[2] for row in await connection.execute(counted)}
    read = {(row[0], (row[1], row[2])): row[3] for row in await connection.execute(told)}
    return Supply(cis, read)


async def ever_fired(connection: AsyncConnection) -> frozenset[str]:
    """Return the rules of which some alert fired at least once."""
    fired = select(alert.c.rule).where(alert.c.episode > 0).distinct()
    return frozenset((await connection.execute(fired)).scalars())
