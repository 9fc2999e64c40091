"""Log-only through the real store: findings with their verdicts and no incident, until it ends or is taken away."""

from __future__ import annotations

from dataclasses import replace

from collector.modes import LogOnly, Modes
from collector.pipeline.entering import enter
from collector.record import Word
from tests.collector.ground import HOUR, Ground
from tests.collector.ground import ground as ground

DAY = 24 * HOUR


def log_only(ground: Ground, **scope: str) -> None:
    """Let what meets `scope` be only logged for a day from now on."""
    entry = LogOnly(ground.world.now + DAY, "first weeks", **scope)
    ground.world.runner.policies = replace(ground.world.runner.policies, modes=Modes((entry,)))


async def test_a_finding_is_judged_and_opens_no_incident_until_the_day_is_over(ground: Ground) -> None:
    log_only(ground, ci_class="server")
    await ground.install()
    assert (await ground.verdicts(), await ground.incidents()) == (["pending"], [])
    await ground.later(9 * HOUR)
    assert (await ground.verdicts(), await ground.incidents()) == (["unapproved"], [])
    await ground.later(16 * HOUR)
    assert await ground.incidents() == [("warning", "new")], "what is still open is told when it ends"


async def test_another_class_is_told_as_ever(ground: Ground) -> None:
    log_only(ground, ci_class="network")
    await ground.install()
    assert await ground.incidents() == [("notice", "new")]


async def test_a_site_is_where_the_record_says_a_ci_stands(ground: Ground) -> None:
    world = ground.world
    async with world.store.write() as tx:
        word = Word(ground.ci_id, {"record": {"place": "Plant 2, room 5"}})
        await enter(tx, "hand/li", [word], world.now, world.runner.policies)
    log_only(ground, place="Plant 1")
    await ground.install()
    assert await ground.incidents() == [("notice", "new")]
    log_only(ground, place="Plant 2")
    await ground.later(1)
    assert await ground.incidents() == [("notice", "resolved")], "from then on it is only logged"


async def test_a_table_without_the_entry_lets_incidents_open(ground: Ground) -> None:
    log_only(ground, ci_class="server")
    await ground.install()
    await ground.later(1)
    ground.world.runner.policies = replace(ground.world.runner.policies, modes=Modes())
    await ground.later(1)
    assert await ground.incidents() == [("notice", "new")]
