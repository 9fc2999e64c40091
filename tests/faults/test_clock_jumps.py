"""Clocks that jump by ten years move no history out of its place: the order is that of the numbers, the time ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from collector.config import shipped_rules
from collector.model import FOREVER
from collector.pipeline import policies
from collector.pipeline.runner import Runner
from collector.store import ingest_log, schema
from collector.store.engine import Store, insert
from tests.simulated import SimulatedHost

START = 1_790_000_000_000
MINUTE, YEARS = 60_000, 10 * 365 * 86_400_000
EPOCH = bytes(16)
STEPS = 8
POLICIES = policies.load(shipped_rules())


@dataclass(frozen=True)
class Jump:
    """How wrong clocks are at each observation, in ms: the agent's, what its heartbeat told of it, the collector's."""

    name: str
    agent: Sequence[int]
    told: Sequence[int]
    collector: Sequence[int] = (0,) * STEPS


def halves(before: int, after: int) -> tuple[int, ...]:
    return (before,) * (STEPS // 2) + (after,) * (STEPS - STEPS // 2)


def always(offset: int) -> tuple[int, ...]:
    return (offset,) * STEPS


JUMPS = (
    Jump("right", always(0), always(0)),
    Jump("ten years ahead", always(YEARS), always(YEARS)),
    Jump("ten years behind", always(-YEARS), always(-YEARS)),
    Jump("ten years ahead, not told", always(YEARS), always(0)),
    Jump("ten years behind, not told", always(-YEARS), always(0)),
    Jump("jumps ahead", halves(0, YEARS), always(0)),
    Jump("jumps back", halves(0, -YEARS), always(0)),
    Jump("set right from ten years ahead", halves(YEARS, 0), always(YEARS)),
    Jump("set right from ten years behind", halves(-YEARS, 0), halves(-YEARS, 0)),
    Jump("spooled at 1970, told when set right", halves(-START, 0), always(0)),
    Jump("the collector's jumps ahead", always(0), always(0), halves(0, YEARS)),
    Jump("the collector's jumps back", always(0), always(0), halves(0, -YEARS)),
)


class Estate:
    """One agent and a collector's pipeline."""

    def __init__(self, store: Store) -> None:
        self.store, self.received = store, START
        self._runner = Runner(store, POLICIES, lambda: self.received)
        self._host = SimulatedHost(1, packages=3)

    async def enrol(self) -> None:
        async with self.store.write() as tx:
            agent = {"id": 1, "uid": "u1", "instance_key": b"1", "enrolled_at": START}
            await tx.execute(insert(tx, schema.agent).values(agent))
            source = {"code": "agent/u1", "kind": "agent", "agent_id": 1}
            await tx.execute(insert(tx, schema.source).values(source))

    async def observe(self, step: int, jump: Jump) -> None:
        """Take observation number `step`, a minute after the one before; each brings another version."""
        true = START + (step + 1) * MINUTE
        self.received = true + jump.collector[step]
        self._host.bodies["packages"][0]["version"] = f"2.{step}"
        payload = self._host.observe(true + jump.agent[step])
        async with self.store.write() as tx:
            await tx.execute(update(schema.agent).values(clock_offset_ms=jump.told[step]))
            await ingest_log.append(tx, [(1, EPOCH, step + 1, self.received, payload)])
        while await self._runner.step():
            pass

    async def rows(self, table: Any, *order: Any) -> list[Any]:
        async with self.store.read() as connection:
            return list(await connection.execute(select(table).order_by(*order)))

    async def versions(self) -> list[tuple[str, int, int]]:
        """Return (version, from, to) of the package that moves, in the order of time."""
        joined = schema.fact.join(schema.path).join(schema.val, schema.val.c.id == schema.fact.c.val_id)
        wanted = select(schema.val.c.text, schema.fact.c.vf, schema.fact.c.vt).select_from(joined)
        async with self.store.read() as connection:
            found = await connection.execute(
                wanted.where(schema.path.c.key.startswith("package-0000")).order_by(schema.fact.c.vf)
            )
            return [(text.partition('"version":"')[2].rstrip('"}'), begin, end) for text, begin, end in found]


@pytest.fixture(params=JUMPS, ids=[jump.name for jump in JUMPS])
async def told(request: pytest.FixtureRequest, sqlite_store: Store) -> tuple[Estate, Jump]:
    """An estate after eight observations under these clocks."""
    estate, jump = Estate(sqlite_store), request.param
    await estate.enrol()
    for step in range(STEPS):
        await estate.observe(step, jump)
    return estate, jump


def bounds(jump: Jump) -> tuple[int, int]:
    """Return the times between which the collector's own clock stood while it listened; ms."""
    received = [START + (step + 1) * MINUTE + offset for step, offset in enumerate(jump.collector)]
    return START, max(received) + STEPS


async def test_history_lies_between_the_enrolment_and_now(told: tuple[Estate, Jump]) -> None:
    estate, jump = told
    earliest, latest = bounds(jump)
    moments = [row.vf for lane in (schema.claim, schema.fact, schema.auth) for row in await estate.rows(lane)]
    moments += [row.created_at for row in await estate.rows(schema.ci)]
    assert moments
    assert earliest <= min(moments)
    assert max(moments) <= latest


async def test_what_was_said_later_holds_later(told: tuple[Estate, Jump]) -> None:
    estate, _ = told
    versions = await estate.versions()
    assert [version for version, _, _ in versions] == [f"2.{step}" for step in range(STEPS)]
    ends = [end for _, _, end in versions]
    assert ends == [begin for _, begin, _ in versions[1:]] + [FOREVER]
    assert all(begin < end for _, begin, end in versions)


async def test_findings_have_a_bracket_that_is_one(told: tuple[Estate, Jump]) -> None:
    estate, jump = told
    earliest, latest = bounds(jump)
    findings = await estate.rows(schema.finding)
    assert findings
    assert all(earliest <= row.lo < row.hi <= latest for row in findings)


async def test_a_right_clock_is_kept_to_the_millisecond(sqlite_store: Store, tmp_path: Path) -> None:
    estate = Estate(sqlite_store)
    await estate.enrol()
    for step in range(STEPS):
        await estate.observe(step, JUMPS[1])  # wrong by ten years, and known to be
    assert [begin for _, begin, _ in await estate.versions()] == [START + (step + 1) * MINUTE for step in range(STEPS)]
