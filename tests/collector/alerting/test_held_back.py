"""What holds alerts back, through the real store: states move on, and the present one decides when a reason ends."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path as Folder

import pytest

from collector.change.record import RULE, ChangeType, Line
from collector.incident.foreign import ForeignAlert
from collector.model import Path
from collector.pipeline import settling
from collector.pipeline.runner import Runner
from collector.rulebook import Rulebook
from collector.security.audit import Actor, acting
from collector.services import maintenance_windows
from collector.services.inbound.inbox import Inbox
from collector.store import schema, standing_on
from collector.store.engine import Store
from tests.collector.alerting.ground import DAY, HOUR, Held, held
from tests.collector.ground import PACKAGE
from tests.collector.test_pipeline import MINUTE


@pytest.fixture
async def ground(store: Store, tmp_path: Folder) -> Held:
    return await held(store, tmp_path)


async def test_what_begins_in_a_window_is_told_when_the_window_is_over(ground: Held) -> None:
    uid = await ground.window(0, 2 * HOUR)
    await ground.install()
    alert = await ground.alert()
    assert (alert.state, alert.suppressed, await ground.open_ones()) == ("firing", ("maintenance",), [])
    await ground.later(HOUR)
    assert await ground.open_ones() == []
    await ground.later(HOUR)
    [incident] = await ground.open_ones()
    assert json.loads(incident.detail)["began_under"] == [uid]
    assert (await ground.alert()).since == alert.since, "the window took no time from it"


async def test_what_is_over_before_the_window_is_told_in_the_log_alone(ground: Held) -> None:
    await ground.window(0, 2 * HOUR)
    await ground.install()
    await ground.remove()
    await ground.later(3 * HOUR)
    assert await ground.world.rows(schema.incident, schema.incident.c.kind == "alert") == []
    moves = await ground.world.rows(schema.alert_move)
    assert [(each.state, each.suppressed) for each in moves] == [("firing", "maintenance"), ("ok", "")]


async def test_a_window_that_is_ended_by_hand_holds_nothing_back_any_more(ground: Held) -> None:
    uid = await ground.window(0, 2 * DAY)
    await ground.install()
    world = ground.world
    async with acting(world.store, Actor("ops", "test"), lambda: world.now) as act:
        await maintenance_windows.end(act, uid)
    await ground.later(MINUTE)
    assert len(await ground.open_ones()) == 1


async def test_a_window_set_ahead_begins_by_the_clock_and_takes_nothing_back(ground: Held) -> None:
    await ground.install()
    await ground.window(HOUR, 2 * HOUR)
    await ground.later(MINUTE)
    [incident] = await ground.open_ones()
    await ground.later(HOUR)
    assert ((await ground.alert()).suppressed, len(await ground.open_ones())) == (("maintenance",), 1)
    await ground.later(2 * HOUR)
    assert [(await ground.alert()).suppressed, [row.id for row in await ground.open_ones()]] == [(), [incident.id]]


async def test_an_approved_change_holds_back_what_it_expects_and_nothing_else(ground: Held) -> None:
    now = ground.world.now
    line = Line(ground.ci_id, PACKAGE)
    change = await ground.raise_(ChangeType.NORMAL, line, window=(now, now + HOUR), granted=now)
    await ground.install()
    alert = await ground.alert()
    assert (alert.suppressed, alert.held_by) == (("approved_change",), (change.number,))
    assert await ground.open_ones() == []
    await ground.later(HOUR + 16 * MINUTE)
    [incident] = await ground.open_ones()
    assert json.loads(incident.detail)["began_under"] == [change.number]


@pytest.mark.parametrize(
    ("rule", "instance", "reasons"),
    [
        ("T-GAME-001", "", ("approved_change",)), ("T-GAME-001", "cowsay", ("approved_change",)),
        ("T-*", "", ("approved_change",)), ("T-GAME-001", "sl", ()), ("T-OTHER-001", "", ()),
    ],
)  # fmt: skip
async def test_a_change_that_names_rules_holds_back_their_alerts_and_no_others(
    ground: Held, rule: str, instance: str, reasons: tuple[str, ...]
) -> None:
    now = ground.world.now
    lines = Line(ground.ci_id, PACKAGE), Line(ground.ci_id, Path(RULE, rule), field=instance)
    await ground.raise_(ChangeType.NORMAL, *lines, window=(now, now + HOUR), granted=now)
    await ground.install()
    assert (await ground.alert()).suppressed == reasons


async def test_a_rule_that_a_change_names_is_held_back_whatever_it_reads(ground: Held) -> None:
    now = ground.world.now
    lines = Line(ground.ci_id, Path("os", "version")), Line(ground.ci_id, Path(RULE, "T-GAME-001"))
    await ground.raise_(ChangeType.NORMAL, *lines, window=(now, now + HOUR), granted=now)
    await ground.install()
    assert (await ground.alert()).suppressed == ("approved_change",)
    assert await ground.verdicts() == ["pending"], "it explains nothing that moved"


@pytest.mark.parametrize("granted", [True, False])
async def test_a_change_of_something_else_or_without_approval_holds_nothing_back(ground: Held, granted: bool) -> None:
    now = ground.world.now
    line = Line(ground.ci_id, Path("os", "version") if granted else PACKAGE)
    await ground.raise_(ChangeType.NORMAL, line, window=(now, now + HOUR), granted=now if granted else None)
    await ground.install()
    assert ((await ground.alert()).suppressed, len(await ground.open_ones())) == ((), 1)


async def test_a_waiver_takes_the_incident_back_until_it_ends(ground: Held) -> None:
    await ground.install()
    assert len(await ground.open_ones()) == 1
    number = await ground.waive(10 * DAY)
    await ground.later(MINUTE)
    assert ((await ground.alert()).suppressed, await ground.open_ones()) == (("waiver",), [])
    [incident] = await ground.world.rows(schema.incident, schema.incident.c.kind == "alert")
    assert (incident.state, incident.resolution_code) == ("resolved", "waived"), "what is waived has not recovered"
    (row,) = await ground.world.rows(schema.waiver)
    assert (row.number, row.matched_at) == (number, ground.world.now)
    await ground.tell()
    await ground.later(10 * DAY)
    assert [(await ground.alert()).suppressed, len(await ground.open_ones())] == [(), 1]


async def test_a_waiver_may_lower_what_a_problem_counts_for(ground: Held) -> None:
    await ground.waive(10 * DAY, effect="lower", level="notice", scope='ci.class == "server"')
    await ground.install()
    [incident] = await ground.open_ones()
    alert = await ground.alert()
    assert (incident.severity, alert.evidence["severity"], alert.lowered) == ("notice", "error", "notice")


async def test_a_rule_that_depends_on_another_waits_while_that_one_fires(ground: Held) -> None:
    ground.use("T-GAME-001", "T-AFTER-001")
    await ground.install()
    assert (await ground.alert("T-AFTER-001")).suppressed == ("parent_down",)
    assert len(await ground.open_ones()) == 1
    await ground.waive(DAY)
    await ground.later(MINUTE)
    assert await ground.open_ones() == [], "what is waived still explains what follows from it"


async def test_a_window_over_a_host_is_also_about_what_stands_on_it(ground: Held) -> None:
    rows = await ground.world.rows(schema.ci)
    async with ground.world.store.read() as reader:
        above = await standing_on.above(reader, [row.id for row in rows])
    assert {ci_id for ci_id, its in above.items() if ground.ci_id in its} == {row.id for row in rows} - {ground.ci_id}


async def test_a_stale_section_that_is_confirmed_again_is_judged_again_though_nothing_moved(ground: Held) -> None:
    await ground.install()
    await ground.later(27 * HOUR)
    assert ((await ground.alert()).outcome, len(await ground.open_ones())) == ("UNKNOWN", 1)
    await ground.tell()
    await ground.later(MINUTE)
    assert ((await ground.alert()).outcome, len(await ground.open_ones())) == ("PROBLEM", 1)


async def test_what_waits_goes_on_waiting_in_a_program_that_was_started_anew(ground: Held) -> None:
    rule = ground.book.rules["T-GAME-001"]
    slow = {"T-GAME-001": replace(rule, rule=replace(rule.rule, hold_ms=10 * MINUTE, keep_ms=10 * MINUTE))}
    world = ground.world

    async def started_anew() -> str:
        loaded = replace(world.runner.policies, rulebook=Rulebook(slow, {}))
        world.runner = Runner(world.store, loaded, lambda: world.now)
        await world.runner.tick()
        return str((await ground.alert()).state)

    world.runner.policies = replace(world.runner.policies, rulebook=Rulebook(slow, {}))
    await ground.install()
    states = []
    for _ in range(3):
        world.now += 5 * MINUTE
        states.append(await started_anew())
    assert states == ["pending", "firing", "firing"]


@pytest.mark.parametrize(
    ("named", "is_held"),
    [("am/Down", True), ("am/*", True), ("am/Up", False), ("T-GAME-001", False), ("", False)],
)
async def test_a_change_holds_back_the_alerts_of_other_systems_that_it_names(
    ground: Held, named: str, is_held: bool
) -> None:
    """What they read nobody here knows: without a name it holds none."""
    world, policies = ground.world, ground.world.runner.policies
    lines = [Line(ground.ci_id, PACKAGE), *([Line(ground.ci_id, Path(RULE, named))] if named else [])]
    change = await ground.raise_(ChangeType.NORMAL, *lines, window=(world.now, world.now + HOUR), granted=world.now)
    inbox = Inbox(world.store, lambda: world.now, policies.identity, partial(settling.settle_of, policies=policies))
    [row] = await world.rows(schema.ci, schema.ci.c.id == ground.ci_id)
    told = ForeignAlert("am", "f", "firing", "error", "Down", "down", world.now, names={"name": row.name})
    await inbox.take([told], Actor("am", "test"))
    [kept] = await world.rows(schema.foreign_alert)
    assert (kept.ci_id, kept.told) == (ground.ci_id, not is_held)
    assert (kept.suppressed, kept.held_by) == (("approved_change", change.number) if is_held else ("", ""))
