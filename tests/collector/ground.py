"""A host in a collector that is held against changes: what tests of drift stand on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from collector.change.approval import MANAGER, NEEDS, SUPERVISOR, hash_for
from collector.change.expected import Expected, How
from collector.change.record import Change, ChangeType, Line, Plan, Request, State, Window, Word
from collector.model import Path, Value
from collector.pipeline import changed
from collector.services.answering import Answering
from collector.store import changes, schema
from collector.store.engine import Store
from tests.collector.test_pipeline import MINUTE, World
from tests.simulated import SimulatedHost

HOUR = 60 * MINUTE
COWSAY = {"name": "cowsay", "arch": "all", "version": "3.03", "manager": "dpkg"}
PACKAGE = Path("packages", "cowsay|all")
SUPERVISING = ("change_supervisor",)


@dataclass
class Ground:
    """One host that is known, and what is raised against what it shows."""

    world: World
    host: SimulatedHost
    ci_id: int

    async def tell(self) -> None:
        await self.world.tell(1, self.host)

    async def install(self, **more: Value) -> None:
        """Let the host show a package it did not have."""
        self.host.bodies["packages"] = [each for each in self.host.bodies["packages"] if each["name"] != "cowsay"]
        self.host.bodies["packages"].append({**COWSAY, **more})
        await self.tell()

    async def remove(self) -> None:
        self.host.bodies["packages"] = [each for each in self.host.bodies["packages"] if each["name"] != "cowsay"]
        await self.tell()

    async def later(self, ms: int) -> None:
        """Let time go by, and the clocks be looked at."""
        self.world.now += ms
        await self.world.runner.tick()

    async def raise_(
        self, kind: ChangeType, *lines: Line, window: tuple[int, int], granted: int | None = None, finding: int = 0
    ) -> Change:
        """Record a change that is approved at `granted` (ms), and have what it concerns judged anew."""
        world = self.world
        request = Request("work", "because", frozenset({self.ci_id}), "boris", world.now)
        change = Change("", kind, "anna", request, Plan(lines, Window(*window), world.now), state=State.APPROVED)
        for need in NEEDS[kind] if granted is not None else ():
            who = {SUPERVISOR: "sophia", MANAGER: "mei"}[need.role]
            word = Word(need.stage, need.role, who, granted or 0, hash_for(change, need))
            change = replace(change, words=(*change.words, word))
        async with world.store.write() as tx:
            kept = await changes.add(tx, change, changes.Origin(finding_id=finding or None), world.now)
            await changed(tx, [self.ci_id], world.now, world.runner.policies)
        return kept.change

    async def one(self) -> Any:
        (finding,) = await self.world.rows(schema.finding)
        return finding

    async def verdicts(self) -> list[str]:
        return [row.verdict for row in await self.world.rows(schema.finding)]

    async def incidents(self) -> list[tuple[str, str]]:
        rows = await self.world.rows(schema.incident, schema.incident.c.kind == "unapproved_change")
        return [(row.severity, row.state) for row in rows]

    async def ends(self) -> list[str]:
        """Return how incidents ended, as they say."""
        rows = await self.world.rows(schema.incident, schema.incident.c.kind == "unapproved_change")
        return [row.resolution_code for row in rows]

    async def authorised(self, path: Path = PACKAGE) -> list[tuple[str, str, bool]]:
        """Return how the path is authorised: value, basis, and whether that is still what is recorded."""
        auth = schema.auth.c
        async with self.world.store.read() as reader:
            rows = await reader.execute(
                select(schema.val.c.text, auth.basis, auth.tt)
                .select_from(schema.auth.join(schema.path).outerjoin(schema.val, schema.val.c.id == auth.val_id))
                .where(schema.path.c.section == path.section, schema.path.c.key == path.key)
                .order_by(auth.vf, auth.tf)
            )
            return [(text, basis, tt > 9e13) for text, basis, tt in rows]

    def answering(self) -> Answering:
        return Answering(partial(changed, policies=self.world.runner.policies))


@pytest.fixture
async def ground(store: Store) -> Ground:
    world = World(store)
    await world.enrol(1)
    host = SimulatedHost(1)
    await world.tell(1, host)
    await world.tell(1, host)
    (ci,) = [row for row in await world.rows(schema.ci) if row.ci_class == "server"]
    return Ground(world, host, ci.id)


def line(ground: Ground, expected: Expected | None = None, path: Path = PACKAGE, field: str = "") -> Line:
    return Line(ground.ci_id, path, expected or Expected(), field)


def exactly(value: Value) -> Expected:
    return Expected(How.EXACT, value)
