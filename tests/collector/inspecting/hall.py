"""A hall of servers and who inspects them: what tests of inspections stand on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from collector.pipeline import inspecting
from collector.security.audit import Act
from collector.services.incidents import clockwork as incident_clocks
from collector.services.inspecting import answers, clockwork, plans, runs, seen, signing
from collector.services.inspecting.answers import Filling
from collector.services.inspecting.inspector import Inspector
from collector.store import accounts, schema
from collector.store.engine import Store
from collector.workcalendar import Calendar
from tests.acts import act
from tests.estate import HOUR, MINUTE, NOW, Estate, Seeded
from tests.people import shipped_policies

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(60))
"""A photo, as far as whoever keeps it looks."""
PLAN: dict[str, Any] = {
    "title": {"zh": "服务器日巡检", "en": "Servers, daily"},
    "schedule": {"rrule": "FREQ=DAILY;BYHOUR=18;BYMINUTE=0", "ahead_ms": 30 * MINUTE, "due_ms": 2 * HOUR},
    "scope": {"classes": ["server"], "place": "机房A"},
    "checks": ["SRV-DISK-001", "SRV-NTP-001"],
    "assignee": "ada",
    "deputy": "bob",
    "items": [
        {"id": "M-TEMP", "text": "冷通道温度", "answer": "reading", "unit": "°C", "low": 18, "high": 27},
        {"id": "M-FIRE", "text": "消防", "photo": "required",
         "options": [{"text": "正常"}, {"text": "异常", "ok": False}]},
    ],
}  # fmt: skip
FIRST = 1_795_600_800_000
"""2026-11-25T18:00 in Shanghai: 13 min 20 s after NOW."""


@dataclass
class Hall:
    """Two servers in a hall, one elsewhere; ada inspects, bob is her deputy, eve reviews, vic only looks."""

    store: Store
    cis: dict[str, Seeded]
    inspector: Inspector
    at: int = NOW

    async def doing(self, by: str, do: Callable[[Act], Awaitable[Any]]) -> tuple[Any, list[str]]:
        async with self.store.write() as tx:
            acting = act(tx, by, self.at)
            done = await do(acting)
        return done, [each.action for each in acting.told]

    async def plan(self, **change: Any) -> str:
        plan = plans.read(PLAN | change)
        number, _ = await self.doing("eve", lambda a: plans.add(a, self.inspector, plan))
        return str(number)

    async def due(self) -> list[str]:
        return await clockwork.due(self.store, self.inspector, self.at)

    async def seen(self, number: str) -> seen.Seen:
        async with self.store.read() as connection:
            return await seen.one(connection, number)

    async def fill(self, by: str, number: str, **filling: Any) -> Any:
        told = Filling(**({"key": f"{by}-{filling['item']}-{self.at}"} | filling))
        return await self.doing(by, lambda a: answers.fill(a, number, told))

    async def fill_all(self, number: str) -> None:
        await self.fill("ada", number, item="M-TEMP", value="22.5")
        await self.fill("bob", number, item="M-FIRE", value="0", photo=JPEG)

    async def sign(self, by: str, number: str) -> Any:
        return await self.doing(by, lambda a: signing.sign(a, self.inspector, number))

    async def disk(self, name: str, ratio: float) -> None:
        """Let a server say how full its disk is."""
        async with self.store.write() as tx:
            await Estate(tx, self.at).say(
                self.cis[name], "health", [{"metric": "filesystem_used_ratio", "instance": "/", "value": ratio}]
            )

    async def look_again(self, number: str) -> Any:
        async with self.store.read() as connection:
            looked = await runs.asked_again(connection, self.inspector, number, self.at)
        return (await self.doing("ada", lambda a: runs.look_again(a, number, looked)))[0]

    async def run_now(self, plan: str) -> Any:
        async with self.store.read() as connection:
            found = await runs.asked(connection, self.inspector, plan, self.at)
        return (await self.doing("eve", lambda a: runs.make_now(a, self.inspector, *found)))[0]

    async def tick(self) -> None:
        """Let the clocks of incidents be looked at."""
        async with self.store.write() as tx:
            await incident_clocks.tick(tx, self.inspector.desk, self.at)

    async def incident(self, number: str) -> Any:
        async with self.store.read() as connection:
            wanted = select(schema.incident).where(schema.incident.c.number == number)
            return (await connection.execute(wanted)).one()

    async def count(self, table: Any) -> int:
        async with self.store.read() as connection:
            return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


@pytest.fixture
async def hall(sqlite_store: Store) -> Hall:
    return await furnished(sqlite_store)


@pytest.fixture
async def halls(store: Store) -> Hall:
    """The same on each engine."""
    return await furnished(store)


async def furnished(store: Store) -> Hall:
    cis = {}
    async with store.write() as tx:
        for name in ("ada", "bob", "eve"):
            await accounts.add(tx, name, ("engineer",), NOW)
        await accounts.add(tx, "vic", ("viewer",), NOW)
        estate = Estate(tx)
        for name, place in (("srv-1", "机房A/1排"), ("srv-2", "机房A/2排"), ("srv-9", "机房B")):
            host = await estate.host(name)
            await estate.say(host, "record", {"place": place})
            await estate.say(host, "filesystems", [{"mount": "/", "device": "sda", "type": "ext4", "size_bytes": 10}])
            cis[name] = host
        await estate.say(cis["srv-1"], "ntp", {"service": "chronyd", "servers": ["a"], "synchronised": True})
    look = partial(inspecting.look, policies=shipped_policies())
    loaded = shipped_policies()
    desk = replace(loaded.desk, calendar=Calendar())
    made = Hall(store, cis, Inspector(look, loaded.rulebook.rules, Calendar(), desk=desk))
    await made.disk("srv-1", 0.97)
    await made.disk("srv-2", 0.5)
    return made
