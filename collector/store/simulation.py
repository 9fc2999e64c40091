"""Whether the estate in this database is simulated, and how far its play has come."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import settings

_NAME = "simulation"


@dataclass(frozen=True, slots=True)
class Simulation:
    """`devices`: how many there are. `played`: what happens to them has happened."""

    devices: int
    played: bool = False


async def find(connection: AsyncConnection) -> Simulation | None:
    said = await settings.read(connection, _NAME)
    return None if said is None else Simulation(**json.loads(said))


async def save(tx: AsyncConnection, simulation: Simulation) -> None:
    await settings.write(tx, _NAME, json.dumps(asdict(simulation)))
