"""Random walks through the real store: packages come and go, windows, waivers and changes too, the program restarts.

After every step there is one open incident where the oracle says one should be told, and none where it does not:
`--campaign 2000` walks a fiftieth as many walks.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path as Folder

import pytest

from collector.change.record import ChangeType
from collector.pipeline.runner import Runner
from collector.security.audit import Actor, acting
from collector.services import maintenance_windows
from collector.store.engine import Store
from tests.collector.alerting.ground import DAY, HOUR, Held, held
from tests.collector.ground import line
from tests.collector.test_pipeline import MINUTE
from tests.oracle.alarms import Hold, told

STEPS = 30
GRACE = 15 * MINUTE
LATER = (MINUTE, 10 * MINUTE, HOUR, 5 * HOUR)


@dataclass
class Walk:
    """One walk, and what should be so: whether it fires, what holds it back, whether it is told."""

    ground: Held
    dice: random.Random
    fires: bool = False
    told: bool = False
    holds: list[Hold] = field(default_factory=list)
    windows: dict[str, int] = field(default_factory=dict)

    @property
    def now(self) -> int:
        return self.ground.world.now

    def weigh(self) -> None:
        self.told = told(self.fires, False, self.told, self.holds, self.now)

    async def step(self) -> str:
        name = self.dice.choice(("install", "remove", "remove", "window", "end", "waive", "change", "restart", "wait"))
        await getattr(self, name)()
        self.ground.world.now += self.dice.choice(LATER)
        await self.ground.world.runner.tick()
        self.weigh()
        return name

    async def install(self) -> None:
        if not self.fires:
            await self.ground.install()
            self.fires = True
            self.weigh()

    async def remove(self) -> None:
        if self.fires:
            await self.ground.remove()
            self.fires = False
            self.weigh()

    async def window(self) -> None:
        start = self.dice.choice((0, HOUR, 3 * HOUR))
        end = start + self.dice.choice((HOUR, 2 * HOUR, DAY))
        uid = await self.ground.window(start, end)
        self.windows[uid] = len(self.holds)
        self.holds.append(Hold("maintenance", self.now + start, self.now + end, self.now))

    async def end(self) -> None:
        """End a window before its time, if one is set."""
        running = [uid for uid, place in self.windows.items() if self.holds[place].end > self.now]
        if not running:
            return
        uid, world = self.dice.choice(running), self.ground.world
        async with acting(world.store, Actor("ops", "test"), lambda: world.now) as act:
            await maintenance_windows.end(act, uid)
        before = self.holds[self.windows[uid]]
        self.holds[self.windows[uid]] = Hold(before.reason, before.start, self.now, before.known)

    async def waive(self) -> None:
        until = self.dice.choice((HOUR, 5 * HOUR, DAY))
        await self.ground.waive(until)
        self.holds.append(Hold("waiver", self.now, self.now + until, self.now))

    async def change(self) -> None:
        """Have a change approved that expects the package to move; what concerns it is looked at again at once."""
        start = self.now + self.dice.choice((0, HOUR))
        end = start + self.dice.choice((HOUR, 4 * HOUR))
        await self.ground.raise_(ChangeType.NORMAL, line(self.ground), window=(start, end), granted=self.now)
        self.holds.append(Hold("approved_change", start - GRACE, end + GRACE, self.now))
        self.weigh()

    async def restart(self) -> None:
        world = self.ground.world
        world.runner = Runner(world.store, world.runner.policies, lambda: world.now)

    async def wait(self) -> None:
        """Let only time go by."""


async def walk(ground: Held, seed: int) -> None:
    one, told_so_far = Walk(ground, random.Random(seed)), []
    for _ in range(STEPS):
        told_so_far.append(await one.step())
        alert = await ground.alert()
        fires = alert is not None and alert.fires
        found = len(await ground.open_ones())
        assert (fires, found) == (one.fires, int(one.told)), f"seed {seed}: {' '.join(told_so_far)}"


async def test_incidents_are_there_when_they_should_be_whatever_comes(sqlite_store: Store, tmp_path: Folder) -> None:
    await walk(await held(sqlite_store, tmp_path), 7)


@pytest.mark.campaign
async def test_a_campaign_of_walks(request: pytest.FixtureRequest, sqlite_store: Store, tmp_path: Folder) -> None:
    count = request.config.getoption("--campaign") // 50
    if not count:
        pytest.skip("a campaign: --campaign 2000")
    ground = await held(sqlite_store, tmp_path)
    for seed in range(count):
        await ground.remove()
        await ground.later(400 * DAY)
        await walk(ground, seed)
