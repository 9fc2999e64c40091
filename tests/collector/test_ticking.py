"""What the clock has rules asked again: nothing while time can change nothing, and nothing too late."""

from __future__ import annotations

from typing import Any

import pytest

from collector.pipeline import judging
from collector.pipeline.runner import Runner
from collector.store import schema
from tests.collector.test_pipeline import MINUTE, World, _loaded
from tests.collector.test_pipeline import world as world
from tests.simulated import SimulatedHost
from wire import codec
from wire.observation import Observation, Section, Status

HOUR = 60 * MINUTE


async def heard(world: World) -> None:
    async with world.store.write() as tx:
        await tx.execute(schema.agent.update().values(last_seen=world.now))


async def known(world: World) -> SimulatedHost:
    """Enrol a host, let it tell everything twice, and look at it by the clock."""
    await world.enrol(1)
    host = SimulatedHost(1)
    await heard(world)
    await world.tell(1, host)
    await world.tell(1, host)
    await world.runner.tick()
    await world.runner.tick()
    return host


async def runs(world: World) -> int:
    """Tick, and return how many rules were run."""
    before = world.runner.policies.meter.evaluations
    await world.runner.tick()
    return world.runner.policies.meter.evaluations - before


async def outcomes(world: World, rule: str) -> list[tuple[str, str]]:
    return [
        (row.outcome, row.reason.partition(":")[0])
        for row in await world.rows(schema.alert, schema.alert.c.rule == rule)
    ]


async def test_rules_over_time_are_run_when_time_can_change_their_answer_and_not_before(world: World) -> None:
    await known(world)
    world.now += MINUTE
    assert await runs(world) == 0
    assert await outcomes(world, "AGT-SILENT-001") == [("PASS", "")]
    world.now += 15 * MINUTE
    assert await runs(world) > 0
    assert await outcomes(world, "AGT-SILENT-001") == [("PROBLEM", "")]
    await heard(world)
    await world.runner.tick()
    assert await outcomes(world, "AGT-SILENT-001") == [("PASS", "")]


async def test_what_is_not_confirmed_grows_stale_in_time_and_a_word_that_nothing_moved_ends_it(world: World) -> None:
    host = await known(world)
    assert await outcomes(world, "SRV-NTP-001") == [("PASS", "")]
    world.now += 27 * HOUR
    await world.runner.tick()
    assert await outcomes(world, "SRV-NTP-001") == [("UNKNOWN", "stale")]
    await world.runner.tick()
    world.now += MINUTE
    await world.tell(1, host)
    await world.runner.tick()
    assert await outcomes(world, "SRV-NTP-001") == [("PASS", "")]


async def fail(world: World, host: SimulatedHost, *names: str) -> None:
    """Let these sections fail while all others say that nothing moved."""
    at = world.now + MINUTE
    sections = tuple(
        Section(each.name, Status.FAILED, False, b"", None, collected_at_ms=at, reason="late") if each.name in names
        else Section(each.name, each.status, True, each.hash, None, collected_at_ms=at)
        for each in host.sections()
    )  # fmt: skip
    await world.say(1, codec.encode_observation(Observation(at, "0.1.0", "boot", b"", sections)))


async def test_a_section_that_fails_is_unknown_at_once_and_no_later_look_is_needed(world: World) -> None:
    host = await known(world)
    await fail(world, host, "ntp")
    assert await outcomes(world, "SRV-NTP-001") == [("UNKNOWN", "failed")]
    await world.tell(1, host, full=True)
    assert await outcomes(world, "SRV-NTP-001") == [("PASS", "")]


async def test_rules_that_stay_blind_are_one_incident_of_their_ci_until_they_see_again(world: World) -> None:
    host = await known(world)
    await fail(world, host, "ntp", "services", "filesystems")
    for _ in range(5):
        world.now += 27 * HOUR
        await heard(world)
        await fail(world, host, "ntp", "services", "filesystems")
        await world.runner.tick()
    world.now += HOUR
    await heard(world)
    await world.runner.tick()
    (blind,) = await world.rows(schema.incident, schema.incident.c.detail.contains("BLIND-001"))
    assert blind.state == "new"
    assert "SRV-NTP-001" in blind.title
    assert "SRV-DISK" not in blind.title, "the section of its facts was never there"
    await world.tell(1, host, full=True)
    world.now += HOUR
    await heard(world)
    await world.runner.tick()
    (blind,) = await world.rows(schema.incident, schema.incident.c.detail.contains("BLIND-001"))
    assert blind.state == "resolved"


async def test_a_program_that_is_started_anew_misses_nothing(world: World) -> None:
    await known(world)
    world.now += HOUR
    world.runner = Runner(world.store, _loaded(), lambda: world.now)
    await world.runner.tick()
    assert await outcomes(world, "AGT-SILENT-001") == [("PROBLEM", "")]


async def test_what_was_undone_with_its_transaction_is_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known(world)
    world.now += 16 * MINUTE

    async def fails(*_: Any) -> None:
        raise RuntimeError("boom")

    with monkeypatch.context() as patch:
        patch.setattr(judging.settling, "settle", fails)
        with pytest.raises(RuntimeError):
            await world.runner.tick()
        world.runner.policies.agenda.undo()
    assert await outcomes(world, "AGT-SILENT-001") == [("PASS", "")]
    await world.runner.tick()
    assert await outcomes(world, "AGT-SILENT-001") == [("PROBLEM", "")]
