"""What is no production is out of checks, incidents and drift, from the moment somebody says so until it is back."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from collector.pipeline import entering
from collector.services.records import Recorder
from collector.store import schema
from collector.store.engine import Store
from tests.acts import act
from tests.collector.alerting.ground import Held, held
from tests.collector.test_pipeline import MINUTE

ADMIN = ("config_admin:*",)


async def used_for(ground: Held, environment: str | None) -> None:
    """Say in its record what the host is for, a minute later."""
    world = ground.world
    world.now += MINUTE
    recorder = Recorder(partial(entering.enter, policies=world.runner.policies))
    async with world.store.write() as tx:
        await recorder.write(act(tx, "ada", world.now), ADMIN, await ground.uid(), {"environment": environment})


async def test_incidents_of_what_leaves_production_are_over_and_say_so_and_come_back_with_it(
    store: Store, tmp_path: Path
) -> None:
    ground = await held(store, tmp_path)
    await ground.install()
    assert len(await ground.open_ones()) == 1
    await used_for(ground, "test")
    (row,) = await ground.world.rows(schema.incident, schema.incident.c.kind == "alert")
    assert (row.state, row.resolution_code) == ("resolved", "not_production")
    await ground.world.tell(1, ground.host)
    assert await ground.open_ones() == []
    await used_for(ground, None)
    assert [each.number for each in await ground.open_ones()] == [row.number]


async def test_what_moves_outside_production_is_no_finding(store: Store, tmp_path: Path) -> None:
    ground = await held(store, tmp_path)
    await used_for(ground, "development")
    before = len(await ground.world.rows(schema.finding))
    await ground.install()
    assert len(await ground.world.rows(schema.finding)) == before
