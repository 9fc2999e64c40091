"""What moved in a past period, a few CIs at a time: places, what was held of them, what stood there before."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.track import Judged
from collector.model import FOREVER, CiState, Path, Value
from collector.store import asof, findings, interning
from collector.store.asof import Moment
from collector.store.schema import ci, claim, fact, finding, finding_item, path, val

Place = tuple[int, Path]
MOVING = ("world", "revision")
"""Causes of steps that are held against changes."""


async def next_cis(connection: AsyncConnection, beyond: int, limit: int) -> list[int]:
    """Return the first CIs beyond `beyond` whose differences count, in order."""
    counts = (ci.c.state != str(CiState.PROPOSED), ci.c.environment == "production")
    wanted = select(ci.c.id).where(ci.c.id > beyond, *counts).order_by(ci.c.id).limit(limit)
    return list((await connection.execute(wanted)).scalars())


async def moved(connection: AsyncConnection, ci_ids: Sequence[int], start: int, end: int) -> list[Place]:
    """Return the places on these CIs at which something moved, or was held to have moved, within [start, end) (ms)."""
    came = and_(claim.c.vf >= start, claim.c.vf < end, claim.c.cause.in_(MOVING))
    went = and_(claim.c.vt >= start, claim.c.vt < end, claim.c.gone_tf.is_not(None), claim.c.gone_cause.in_(MOVING))
    told = select(claim.c.ci_id, claim.c.path_id).where(claim.c.ci_id.in_(ci_ids), claim.c.tt == FOREVER)
    items = select(finding.c.ci_id, finding_item.c.path_id).join(finding, finding.c.id == finding_item.c.finding_id)
    filed = items.where(finding.c.ci_id.in_(ci_ids), finding_item.c.hi >= start, finding_item.c.hi < end)
    either = told.where(or_(came, went)).union(filed).subquery()
    wanted = select(either.c.ci_id, path.c.section, path.c.key).join(path, path.c.id == either.c.path_id)
    rows = await connection.execute(wanted.order_by(either.c.ci_id, path.c.section, path.c.key))
    return [(row[0], Path(row[1], row[2])) for row in rows]


async def judged(connection: AsyncConnection, ci_ids: Sequence[int], start: int, end: int) -> list[Judged]:
    """Return the items on these CIs first seen new within [start, end) (ms), with what is held of them."""
    own = finding_item.c
    wanted = select(own.finding_id).join(finding, finding.c.id == own.finding_id).distinct()
    here = (finding.c.ci_id.in_(ci_ids), own.hi >= start, own.hi < end)
    numbers = (await connection.execute(wanted.where(*here))).scalars().all()
    filed = await findings.of_findings(connection, numbers)
    return [each.judged for its in filed.values() for each in its if start <= each.judged.item.hi < end]


async def unsettled(connection: AsyncConnection, ci_ids: Sequence[int], at: int) -> dict[Place, int]:
    """Return place → when it was last at rest (ms) before what may have moved there by `at`, unsettled then."""
    own = finding_item.c
    wanted = select(finding.c.ci_id, path.c.section, path.c.key, own.lo, own.hi).select_from(
        finding_item.join(finding, finding.c.id == own.finding_id).join(path, path.c.id == own.path_id)
    )
    waited = or_(own.closed_at.is_(None), own.closed_at > at)
    found: dict[Place, int] = {}
    for ci_id, section, key, lo, hi in await connection.execute(
        wanted.where(finding.c.ci_id.in_(ci_ids), own.lo <= at, waited)
    ):
        place = ci_id, Path(section, key)
        found[place] = min(lo, hi - 1, found.get(place, lo))
    return found


async def stood(connection: AsyncConnection, places: Sequence[Place], at: int) -> dict[Place, Value]:
    """Return what was true at these places at `at` (ms), by all that is known."""
    ids = await interning.known_paths(connection, {each for _, each in places})
    found: dict[Place, Value] = {}
    by_ci: dict[int, list[Path]] = {}
    for ci_id, each in places:
        by_ci.setdefault(ci_id, []).append(each)
    for ci_id, its in by_ci.items():
        names = {ids[each]: each for each in its if each in ids}
        for part in interning.chunks(names):
            here = (fact.c.ci_id == ci_id) & fact.c.path_id.in_(part)
            row = asof.held(fact, here, Moment(at, FOREVER - 1))
            wanted = select(row.c.path_id, val.c.text).join(val, val.c.id == row.c.val_id)
            found |= {(ci_id, names[key]): json.loads(text) for key, text in await connection.execute(wanted)}
    return found
