"""A simulated estate keeps to a data folder of its own, and to its number of devices."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services import simulation, sweeps
from collector.services.refused import Refused
from collector.services.sweeps import NewPlan
from collector.store.engine import Store
from tests.acts import act
from tests.estate import Estate


async def told(store: Store, count: int) -> list[str]:
    """Declare so many devices; return the actions that were told."""
    async with store.write() as tx:
        doing = act(tx)
        await simulation.declare(doing, count)
        return [each.action for each in doing.told]


async def state(connection: AsyncConnection) -> tuple[int, bool]:
    return await simulation.devices(connection), await simulation.is_played(connection)


async def test_it_is_declared_once_and_stays_so(store: Store) -> None:
    async with store.read() as reader:
        assert await state(reader) == (0, False)
    assert await told(store, 200) == ["simulation.declare"]
    assert await told(store, 200) == []
    async with store.read() as reader:
        assert await state(reader) == (200, False)


async def test_what_has_happened_is_remembered(store: Store) -> None:
    await told(store, 20)
    async with store.write() as tx:
        await simulation.note_played(act(tx))
    async with store.read() as reader:
        assert await state(reader) == (20, True)


async def test_another_number_of_devices_is_refused_with_the_right_one(store: Store) -> None:
    await told(store, 200)
    with pytest.raises(Refused, match="--demo 200"):
        await told(store, 50)


@pytest.mark.parametrize("machines", [0, 1])
async def test_this_machine_alone_is_no_estate_yet(store: Store, machines: int) -> None:
    async with store.write() as tx:
        for number in range(machines):
            await Estate(tx).agent(f"host-{number}")
    assert await told(store, 10) == ["simulation.declare"]


async def test_an_estate_with_other_agents_is_never_mixed_with_it(store: Store) -> None:
    async with store.write() as tx:
        estate = Estate(tx)
        for number in range(2):
            await estate.agent(f"host-{number}")
    with pytest.raises(Refused, match="--data"):
        await told(store, 10)


async def test_nor_is_one_that_has_plans_of_its_own(store: Store) -> None:
    async with store.write() as tx:
        await sweeps.create_plan(act(tx), NewPlan("Campus", settings={"ranges": ["10.1.0.0/24"]}))
    with pytest.raises(Refused, match="not simulated"):
        await told(store, 10)
