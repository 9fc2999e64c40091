"""How much depends on a CI, counted over its relations, and what people recorded of it: what priorities are made of."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector import record
from collector.desk.priority import BEHIND, EVERY_WAY
from collector.model import CONTAINS, FOREVER, Path
from collector.relations import HA_PEER
from collector.store import interning
from collector.store.schema import ci, fact, reach, reach_cut, relation, val

MAX_STEPS: Final = 6
MAX_REACHED: Final = 20_000
"""Pairs of CIs followed for one question; a storm at the core is told as at least so many."""
_CUT_OFF: Final = ((reach.c.behind, reach.c.ci_id), (reach_cut.c.cut_by, reach_cut.c.ci_id))
_WORDS: Final = ("place", "contact", "owner", "department")


async def counted(
    connection: AsyncConnection, ci_ids: Collection[int], first: Collection[str] = ()
) -> Mapping[int, tuple[int, int]]:
    """Return CI → how many other CIs depend on it, step by step, and how many of those are applications.

    `first`: the kinds of relations of the first step, `BEHIND` among them; none: all that are kept.
    """
    reached = {each: {each} for each in ci_ids}
    roots = {each: {each} for each in ci_ids}  # node → the CIs asked for that it depends on
    fresh = {each: {each} for each in ci_ids}
    for _ in range(MAX_STEPS):
        fresh = _followed(await _below(connection, fresh, first), fresh, roots, reached)
        first = ()
        if not fresh or sum(map(len, reached.values())) > MAX_REACHED:
            break
    return await _counted(connection, reached)


def _followed(
    edges: Collection[tuple[int, int]],
    fresh: Mapping[int, set[int]],
    roots: dict[int, set[int]],
    reached: Mapping[int, set[int]],
) -> dict[int, set[int]]:
    """Go one step along `edges` (on, who depends); return the nodes that were new to some of the roots."""
    after: dict[int, set[int]] = {}
    for on, below in edges:
        more = fresh[on] - roots.get(below, set())
        if more:
            roots.setdefault(below, set()).update(more)
            after.setdefault(below, set()).update(more)
            for root in more:
                reached[root].add(below)
    return after


async def _below(connection: AsyncConnection, nodes: Collection[int], kinds: Collection[str]) -> list[tuple[int, int]]:
    """Return (on, who depends) by these kinds alone, none: by all."""
    found: list[tuple[int, int]] = []
    its = relation.c
    is_any = not kinds or EVERY_WAY in kinds
    there = (its.kind != HA_PEER if is_any else its.kind.in_(sorted(kinds))), its.vt == FOREVER
    for part in interning.chunks(sorted(nodes)):
        asked = [
            select(its.b, its.a).where(its.b.in_(part), its.kind != CONTAINS, *there),
            select(its.a, its.b).where(its.a.in_(part), its.kind == CONTAINS, *there),
            *(select(by, ci_id).where(by.in_(part)) for by, ci_id in (_CUT_OFF if BEHIND in kinds else ())),
        ]
        for wanted in asked:
            found += [(row[0], row[1]) for row in await connection.execute(wanted)]
    return found


async def _counted(connection: AsyncConnection, reached: Mapping[int, set[int]]) -> Mapping[int, tuple[int, int]]:
    everything = set().union(*reached.values()) if reached else set()
    applications: set[int] = set()
    for part in interning.chunks(sorted(everything)):
        wanted = select(ci.c.id).where(ci.c.id.in_(part), ci.c.ci_class == "application")
        applications |= set((await connection.execute(wanted)).scalars())
    return {
        root: (len(its) - 1, len((its - {root}) & applications)) for root, its in reached.items()
    }  # fmt: skip


async def recorded(connection: AsyncConnection, ci_ids: Collection[int]) -> Mapping[int, Mapping[str, str]]:
    """Return CI → what its record says of place, contact, owner and department."""
    paths = await interning.known_paths(connection, [Path(record.SECTION, word) for word in _WORDS])
    named = {path_id: path.key for path, path_id in paths.items()}
    found: dict[int, dict[str, str]] = {}
    for part in interning.chunks(sorted(ci_ids)):
        rows = await connection.execute(
            select(fact.c.ci_id, fact.c.path_id, val.c.text)
            .select_from(fact.join(val, val.c.id == fact.c.val_id))
            .where(fact.c.ci_id.in_(part), fact.c.path_id.in_(named), fact.c.vt == FOREVER, fact.c.tt == FOREVER)
        )
        for row in rows:
            found.setdefault(row.ci_id, {})[named[row.path_id]] = str(json.loads(row.text))
    return found
