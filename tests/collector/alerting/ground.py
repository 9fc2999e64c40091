"""One host, rules of the test's own, and what holds their alerts back; all through the real store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from collector import rulebook
from collector.security.audit import Actor, acting
from collector.services import maintenance_windows, waivers
from collector.store import alerts, schema
from collector.store.engine import Store
from tests.collector.ground import Ground
from tests.collector.test_pipeline import MINUTE, World
from tests.simulated import SimulatedHost

HOUR = 60 * MINUTE
DAY = 24 * HOUR
PACK = """\
pack: test
title: {zh: 测, en: test}
defaults: {match: 'ci.class == "server"', max_age: 26h, flap: off}
rules:
- id: T-GAME-001
  kinds: [server]
  each: {var: p, in: ci.packages, key: p.name}
  where: p.name == "cowsay"
  expr: p.version != ""
  severity: {default: error}
  title: {zh: 游, en: game}
  summary: {zh: '{{ci.name}} 装有 {{p.name}}', en: '{{ci.name}} has {{p.name}}'}
  runbook: {zh: 删, en: remove}
  cases: []
- id: T-AFTER-001
  kinds: [server]
  depends: [T-GAME-001]
  expr: ci.packages.exists(p, p.name == "cowsay")
  title: {zh: 随, en: after}
  summary: {zh: 随, en: follows}
  runbook: {zh: 删, en: remove}
  cases: []
"""


@dataclass
class Held(Ground):
    """A ground whose only rule is `T-GAME-001`: it fires where cowsay is installed. `book`: with the one after it."""

    book: rulebook.Rulebook

    async def alert(self, rule: str = "T-GAME-001") -> Any:
        async with self.world.store.read() as reader:
            found = await alerts.load(reader, [self.ci_id])
        return next((each for key, each in found.items() if key[0] == rule and (key[2] or rule != "T-GAME-001")), None)

    async def open_ones(self) -> list[Any]:
        rows = await self.world.rows(schema.incident, schema.incident.c.kind == "alert")
        return [row for row in rows if row.resolved_at is None]

    async def window(self, start: int, end: int, **how: Any) -> str:
        """Set a window over the host, its times counted from now (ms)."""
        world = self.world
        uid = await self.uid()
        asked = maintenance_windows.Asked("work", world.now + start, world.now + end, **{"cis": (uid,), **how})
        async with acting(world.store, Actor("ops", "test"), lambda: world.now) as act:
            return await maintenance_windows.set_(act, asked, self.book.rules)

    async def waive(self, until: int, **how: Any) -> str:
        """Have a waiver asked for by one and granted by another, until so long from now (ms)."""
        world, rules = self.world, self.book.rules
        asked = waivers.Asked(**{"rule": "T-GAME-001", "reason": "because", "expires": world.now + until, **how})
        async with acting(world.store, Actor("ann", "test"), lambda: world.now) as act:
            number = await waivers.ask(act, asked, rules)
        async with acting(world.store, Actor("bea", "test"), lambda: world.now) as act:
            await waivers.grant(act, number, rules)
        return number

    async def uid(self) -> str:
        (row,) = await self.world.rows(schema.ci, schema.ci.c.id == self.ci_id)
        return str(row.uid)

    def use(self, *names: str) -> None:
        """Let only these rules be run."""
        only = rulebook.Rulebook({name: self.book.rules[name] for name in names}, {})
        self.world.runner.policies = replace(self.world.runner.policies, rulebook=only)


async def held(store: Store, folder: Path) -> Held:
    (folder / "pack.yaml").write_text(PACK, encoding="utf-8")
    world, host = World(store), SimulatedHost(1)
    ground = Held(world, host, 0, rulebook.load(folder))
    ground.use("T-GAME-001")
    await world.enrol(1)
    await world.tell(1, host)
    await world.tell(1, host)
    (ci,) = [row for row in await world.rows(schema.ci) if row.ci_class == "server"]
    ground.ci_id = ci.id
    return ground
