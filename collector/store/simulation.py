"""Whether the estate in this database is simulated, and how far its play has come."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.engine import insert
from collector.store.schema import setting

_NAME = "simulation"


@dataclass(frozen=True, slots=True)
class Simulation:
    """`devices`: how many there are. `played`: what happens to them has happened."""

    devices: int
    played: bool = False


async def find(connection: AsyncConnection) -> Simulation | None:
    said = (await connection.execute(select(setting.c.value).where(setting.c.name == _NAME))).scalar_one_or_none()
    return None if said is None else Simulation(**json.loads(said))


async def save(tx: AsyncConnection, simulation: Simulation) -> None:
    value = json.dumps(asdict(simulation))
    statement = insert(tx, setting).values(name=_NAME, value=value)
    await tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
