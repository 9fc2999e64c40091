"""Random histories of observing, merging and parting leave what the same observations leave without any merge."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis import strategies as st

from collector.services.decisions import Decision
from collector.store import schema
from collector.store.engine import open_store, sqlite_url
from collector.store.migrate import migrate
from tests.acts import act
from tests.collector.services.test_decisions import ADMIN, current, decider, servers, settle, unmerge
from tests.collector.test_pipeline import World
from tests.simulated import SimulatedHost

EXAMPLES = 3
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("observe"), st.sampled_from([1, 2]), st.integers(1, 4)),
        st.tuples(st.sampled_from(["merge", "part"]), st.just(0), st.just(0)),
    ),
    min_size=2, max_size=7,
)  # fmt: skip


async def history(folder: Path, moves: list[tuple[str, int, int]], with_merges: bool) -> tuple[Any, Any]:
    """Play `moves` on two hosts of one name; return what holds of both in the end, and what is bound to which."""
    store = open_store(sqlite_url(folder / f"{with_merges}.db"))
    try:
        await migrate(store)
        world = World(store)
        hosts = {number: SimulatedHost(number, packages=3) for number in (1, 2)}
        for number, host in hosts.items():
            host.bodies["os"]["hostname"] = "twin"
            await world.enrol(number)
            await world.tell(number, host)
        for move, number, kernel in [*moves, ("part", 0, 0), ("observe", 1, 9), ("observe", 2, 9)]:
            if move == "observe":
                hosts[number].bodies["os"]["kernel"] = f"6.{kernel}"
                await world.tell(number, hosts[number], full=True)
            elif with_merges:
                await _merge_or_part(world, move)
        first, second = await servers(world)
        bound = sorted((row.source_id, row.role, row.ci_id) for row in await world.rows(schema.subject_ci))
        names = sorted((row.kind, row.value, row.ci_id, row.state) for row in await world.rows(schema.identifier))
        return [await current(world, first.id), await current(world, second.id)], (bound, names)
    finally:
        await store.close()


async def _merge_or_part(world: World, move: str) -> None:
    standing = await world.rows(schema.merge, schema.merge.c.undone_at.is_(None))
    if move == "part" and standing:
        await unmerge(world)
    if move == "merge" and not standing:
        first, second = await servers(world)
        case = await _case(world, first.id, second.id)
        world.now += 1
        async with world.store.write() as tx:
            await decider(world).decide(act(tx, "chen.yu", world.now), ADMIN, case, Decision("same", first.uid))
        await settle(world)


async def _case(world: World, *ci_ids: int) -> int:
    """Return an open case about those CIs: the one identity opened, or a new one."""
    for row in await world.rows(schema.duplicate_case, schema.duplicate_case.c.state == "open"):
        return int(row.id)
    async with world.store.write() as tx:
        values = {"kind": "duplicate", "why": "again", "opened_at": world.now, "fingerprint": f"again {world.now}"}
        made = await tx.execute(schema.duplicate_case.insert().values(values).returning(schema.duplicate_case.c.id))
        case_id = int(made.scalar_one())
        members = [{"case_id": case_id, "ci_id": ci_id, "evidence": ""} for ci_id in ci_ids]
        await tx.execute(schema.duplicate_member.insert(), members)
    return case_id


@hypothesis.given(moves=MOVES)
@hypothesis.settings(max_examples=EXAMPLES, derandomize=True)
@hypothesis.example(moves=[("merge", 0, 0), ("observe", 2, 3), ("observe", 1, 2), ("part", 0, 0), ("merge", 0, 0)])
async def test_what_holds_in_the_end_is_as_if_nothing_had_been_merged(moves: list[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with_merges = await history(Path(folder), moves, True)
        without = await history(Path(folder), moves, False)
    assert with_merges == without
