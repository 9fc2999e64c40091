"""What discovery knows of where a thing is, beside its line in a stock-take."""

from __future__ import annotations

from collector.services.sighting import sightings
from collector.services.wiring import Wiring
from collector.store.engine import Store
from collector.store.schema import ci
from tests import wired
from tests.collector.test_pipeline import World

PROBE, AGENT = 1, 2


async def test_a_host_is_seen_at_the_port_of_its_switch_and_what_nobody_saw_nowhere(store: Store) -> None:
    world = World(store)
    for each in (PROBE, AGENT):
        await world.enrol(each)
    for name, bodies in wired.switches().items():
        await world.say(PROBE, wired.told(world.now, name, bodies))
    await world.tell(AGENT, wired.server())
    names = {row.id: row.name for row in await world.rows(ci)}
    async with store.read() as connection:
        seen = await sightings(connection, Wiring(), [*names, 999_999])
    by_name = {names.get(ci_id, ""): each for ci_id, each in seen.items()}
    assert by_name["db-01"].plugged == "access-01 GigabitEthernet1/0/3"
    assert by_name["core-01"].plugged == "access-01 GigabitEthernet1/0/1"
    assert by_name["db-01"].last_seen == world.now
    assert (by_name[""].last_seen, by_name[""].plugged) == (0, "")
