"""How long CIs could be reached: the database's sum against a walk through each course, on both databases."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import pairwise

import pytest

from collector.store import availability
from collector.store.availability import Availability
from collector.store.engine import Store, insert
from collector.store.schema import ci, reach_move
from tests.store.ground import with_cis

STATES = ("up", "degraded", "unreachable", "unknown")
SPAN = (1_000, 9_000)
CIS = 12
Course = list[tuple[int, str]]


def walked(course: Course, begin: int, end: int) -> Availability | None:
    """Return what a course comes to, moment by moment from move to move; None where none was watched by `end`."""
    spent = dict.fromkeys(STATES, 0)
    known = [move for move in course if move[0] < end]
    for (at, state), (until, _) in pairwise([*known, (end, "")]):
        spent[state] += max(0, until - max(at, begin))
    return Availability(**spent) if known else None


async def moved(store: Store, courses: Mapping[int, Course]) -> None:
    rows = [{"ci_id": ci_id, "at": at, "state": state} for ci_id, its in courses.items() for at, state in its]
    async with store.write() as tx:
        await tx.execute(insert(tx, reach_move), rows)


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_summed_is_what_a_walk_through_each_course_comes_to(
    store: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(availability, "AT_ONCE", 5)
    chance = random.Random(seed)
    edges = [*SPAN, SPAN[0] - 1, SPAN[1] - 1, *(chance.randrange(10_000) for _ in range(30))]
    courses = {
        ci_id: [(at, chance.choice(STATES)) for at in sorted(set(chance.choices(edges, k=chance.randrange(6))))]
        for ci_id in range(1, CIS + 1)
    }
    await with_cis(store, CIS)
    await moved(store, courses)
    wanted = {ci_id: its for ci_id, course in courses.items() if (its := walked(course, *SPAN))}
    async with store.read() as connection:
        assert await availability.of_cis(connection, courses, *SPAN) == wanted
        told = [each async for each in availability.of_all(connection, (), *SPAN)]
    assert [(ci.uid, its) for ci, its in told] == [(f"ci-{ci_id}", its) for ci_id, its in sorted(wanted.items())]


async def test_of_classes_only_their_cis_are_told_and_none_that_is_archived(store: Store) -> None:
    await with_cis(store, 3)
    await moved(store, {ci_id: [(0, "up")] for ci_id in (1, 2, 3)})
    async with store.write() as tx:
        await tx.execute(ci.update().where(ci.c.id == 1).values(ci_class="network"))
        await tx.execute(ci.update().where(ci.c.id == 2).values(state="archived"))
    async with store.read() as connection:
        every = [each.uid async for each, _ in availability.of_all(connection, (), *SPAN)]
        some = [each.uid async for each, _ in availability.of_all(connection, ("network",), *SPAN)]
    assert (every, some) == (["ci-1", "ci-3"], ["ci-1"])
