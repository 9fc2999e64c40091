"""A simulated estate has a data folder of its own: every page of it says so, whether its devices answer now or not.

What was found of devices that are made up stays in the database when `up` runs without `--demo`, so the banner stays;
nothing sweeps them then. Mixing them with a real estate, or with another number of them (the same address would be
another device), is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.audit import Act
from collector.services.refused import Refused
from collector.store import simulation, sweep_plans
from collector.store.browse import agents
from collector.store.simulation import Simulation


async def devices(connection: AsyncConnection) -> int:
    """Return how many simulated devices this database is about; 0: none."""
    found = await simulation.find(connection)
    return found.devices if found else 0


async def is_played(connection: AsyncConnection) -> bool:
    """Return whether what happens to the devices has happened."""
    found = await simulation.find(connection)
    return found is not None and found.played


async def declare(act: Act, count: int) -> None:
    """Say that this database is about `count` simulated devices; raise `Refused` when it is about anything else."""
    found = await simulation.find(act.tx)
    if found is not None and found.devices != count:
        raise Refused(f"it holds a demo of {found.devices} devices: take --demo {found.devices}, or another --data")
    if found is None:
        await _check_is_unused(act.tx)
        await simulation.save(act.tx, Simulation(count))
        act.tell("simulation.declare", "collector/simulation", after={"devices": count})


async def note_played(act: Act) -> None:
    """Remember that what happens to the devices has happened."""
    await simulation.save(act.tx, Simulation(await devices(act.tx), played=True))
    act.tell("simulation.play", "collector/simulation", {"played": False}, {"played": True})


async def _check_is_unused(connection: AsyncConnection) -> None:
    plans: Sequence[object] = await sweep_plans.everyone(connection)
    machines = sum((await agents.by_state(connection, 0)).values())
    if plans or machines > 1:  # this machine's own agent is welcome
        raise Refused("it holds an estate that is not simulated: give the demo a folder of its own, with --data")
