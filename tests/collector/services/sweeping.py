"""A store with two probes, and what is asked of sweeps in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from collector.security.vault import Vault
from collector.services import credentials, sweeps
from collector.services.credentials import NewCredential
from collector.services.sweeps import NewPlan, Sweep, Taker
from collector.store import agents
from collector.store import probes as appointed
from collector.store.agents import NewAgent
from collector.store.engine import Store
from tests.acts import act
from wire.sweep import Progress, SweepTask, TargetRow

VAULT = Vault([bytes(32)])
CAMPUS: dict[str, Any] = {"ranges": ["10.1.0.1-10.1.0.9"], "until": "explore"}
MINUTE, HOUR = 60_000, 3_600_000
NOW = int(datetime(2026, 11, 27, 12, 0, tzinfo=UTC).timestamp() * 1000)


@dataclass
class Collector:
    """A store with two probes, and the calls the tests make."""

    store: Store
    probes: tuple[int, int]

    async def plan(
        self, said: Mapping[str, Any] = CAMPUS, zone: str = "", schedule: str = "", name: str = "campus"
    ) -> str:
        async with self.store.write() as tx:
            return await sweeps.create_plan(act(tx, at=NOW), NewPlan(name, zone, said, schedule))

    async def start(self, plan: str) -> str:
        async with self.store.write() as tx:
            return await sweeps.start(act(tx, at=NOW), plan)

    async def take(self, now: int = NOW, zone: str = "", probe: int = 0) -> SweepTask | None:
        async with self.store.write() as tx:
            return await sweeps.take(tx, VAULT, Taker(self.probes[probe], zone), now, UTC)

    async def tell(self, told: Progress, now: int = NOW, probe: int = 0) -> bool:
        async with self.store.write() as tx:
            return await sweeps.progress(tx, self.probes[probe], told, now, UTC)

    async def one(self, uid: str) -> Sweep:
        async with self.store.read() as connection:
            found = await sweeps.one(connection, uid)
        assert found
        return found

    async def lend(self, name: str, ranges: list[str], **scope: Any) -> str:
        secret = {"user": "muster", "password": "hard-to-guess"}
        async with self.store.write() as tx:
            new = NewCredential(name, "ssh", {"ranges": ranges, **scope}, secret)
            return await credentials.create(act(tx, at=NOW), VAULT, new)


async def with_probes(store: Store) -> Collector:
    async with store.write() as tx:
        probes = [
            (await agents.create(tx, NewAgent(f"agent-{at}", b"%d" % at, "s", 1, 1, hostname=f"probe-{at}"))).id
            for at in range(2)
        ]
        for at in range(2):
            await appointed.appoint(tx, f"agent-{at}", ["", "dmz"])
    return Collector(store, (probes[0], probes[1]))


def row(last: int, stage: str = "explore", cause: str = "", credential: str = "", **more: Any) -> TargetRow:
    return TargetRow(f"10.1.0.{last}", stage, cause, "", credential, at_ms=NOW, **more)
