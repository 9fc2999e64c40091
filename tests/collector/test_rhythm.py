"""How often a source looks, from the plans that cover it; and what that makes of the margins of changes."""

from __future__ import annotations

import pytest

from collector.change.covering import HOUR_MS
from collector.pipeline.rhythm import Rhythm
from collector.services import sweeps
from collector.services.sweeps import NewPlan
from collector.store.engine import Store
from tests.acts import act

DAY_MS = 24 * HOUR_MS


async def rhythm(store: Store, *plans: tuple[str, str, dict[str, object], str]) -> Rhythm:
    found = Rhythm(agents_ms=6 * HOUR_MS)
    async with store.write() as tx:
        for name, zone, settings, schedule in plans:
            await sweeps.create_plan(act(tx), NewPlan(name, zone, settings, schedule))
        await found.learn(tx)
    return found


def ranges(text: str, until: str = "explore") -> dict[str, object]:
    return {"ranges": [text], "until": until}


async def test_a_target_is_looked_at_as_often_as_the_plan_that_comes_by_most_often(sqlite_store: Store) -> None:
    found = await rhythm(
        sqlite_store,
        ("nightly", "", ranges("10.0.0.0/16"), "30 2 * * 1-5"),
        ("weekly", "", ranges("10.0.1.0/24"), "0 3 * * 0"),
        ("hourly", "", ranges("10.0.2.0/24"), "0 * * * *"),
        ("monthly", "dmz", ranges("10.0.0.0/16"), "0 3 1 * *"),
        ("watch", "", ranges("10.0.0.0/16", "alive"), "* * * * *"),
        ("by hand", "", ranges("10.9.0.0/24"), ""),
    )
    every = {
        code: found.every_ms(code)
        for code in ("snmp//10.0.1.1", "ssh//10.0.2.1", "snmp/dmz/10.0.1.1", "nut//10.0.0.5/ups1", "snmp//10.9.0.1")
    }
    assert list(every.values()) == [DAY_MS, HOUR_MS, 28 * DAY_MS, DAY_MS, 0]
    assert found.every_ms("agent/u1") == 6 * HOUR_MS
    assert {found.every_ms(each) for each in ("hand/ada", "import/list", "snmp//switch-1", "odd")} == {0}


@pytest.mark.parametrize(("source", "hours"), [("snmp//10.0.1.1", 24), ("snmp//10.0.2.1", 2), ("hand/ada", 2)])
async def test_margins_are_two_hours_or_as_long_as_it_takes_to_look_again(
    sqlite_store: Store, source: str, hours: int
) -> None:
    found = await rhythm(
        sqlite_store,
        ("nightly", "", ranges("10.0.1.0/24"), "0 2 * * *"),
        ("often", "", ranges("10.0.2.0/24"), "*/5 * * * *"),
    )
    assert found.margins(source).post_ms == hours * HOUR_MS


async def test_what_is_planned_otherwise_counts_when_it_is_read_again(sqlite_store: Store) -> None:
    found = await rhythm(sqlite_store, ("plan", "", ranges("10.0.1.0/24"), "0 2 * * *"))
    async with sqlite_store.write() as tx:
        (plan,) = await sweeps.plans(tx)
        await sweeps.change_plan(act(tx), plan.uid, NewPlan("plan", "", ranges("10.0.1.0/24"), "0 */4 * * *"))
        assert found.every_ms("snmp//10.0.1.1") == DAY_MS
        await found.learn(tx)
    assert found.every_ms("snmp//10.0.1.1") == 4 * HOUR_MS
