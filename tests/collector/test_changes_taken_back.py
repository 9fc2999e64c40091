"""What a change settled rests on it: on a person's word where the work was done before, and while it stands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.change.record import Change, ChangeType, Plan, Request, State, Template, Window
from collector.pipeline import changed
from collector.store import changes, schema
from collector.store.change_templates import APPROVED, TemplateRow, add
from collector.store.engine import Store
from tests.collector.ground import HOUR, PACKAGE, Ground, exactly, line
from tests.collector.ground import ground as ground

VERSION = exactly({"version": "3.03"})


async def write_anew(ground: Ground, number: str, text: str = "more than that") -> None:
    """Let the plan of a change say something else."""
    world = ground.world
    kept = await stored(world.store, number)
    assert kept.change.plan
    await save(ground, kept, replace(kept.change, plan=replace(kept.change.plan, text=text, written_at=world.now)))


async def cancel(ground: Ground, number: str) -> None:
    kept = await stored(ground.world.store, number)
    await save(ground, kept, replace(kept.change, state=State.CANCELLED, cancelled_at=ground.world.now))


async def save(ground: Ground, before: changes.Kept, after: Change) -> None:
    world = ground.world
    async with world.store.write() as tx:
        await changes.save(tx, before, after, world.now)
        await changed(tx, [ground.ci_id], world.now, world.runner.policies)


async def stored(store: Store, number: str) -> changes.Kept:
    async with store.read() as reader:
        kept = await changes.find(reader, number)
    assert kept
    return kept


async def verified(ground: Ground) -> Change:
    """Return an approved change whose work was done, seen and verified."""
    now = ground.world.now
    change = await ground.raise_(ChangeType.NORMAL, line(ground, VERSION), window=(now, now + HOUR), granted=now)
    await ground.install()
    await ground.later(2 * HOUR)
    await ground.tell()
    assert await ground.verdicts() == ["verified"]
    return change


async def accepted(ground: Ground, kind: ChangeType = ChangeType.NORMAL) -> Change:
    """Return a change made from a finding, which accepted it."""
    await ground.install()
    finding = await ground.one()
    await ground.later(30 * HOUR)
    now = ground.world.now
    change = await ground.raise_(kind, line(ground, VERSION), window=(now, now + HOUR), granted=now, finding=finding.id)
    assert await ground.verdicts() == ["accepted"]
    return change


async def standing(ground: Ground) -> list[tuple[str, str]]:
    """Return what is authorised of the package by any basis, as it is believed now."""
    return [(text, basis) for text, basis, stands in await ground.authorised() if stands]


async def test_no_template_accepts_what_was_done_before(ground: Ground) -> None:
    """Nobody said a word: not of this, for who approved the template did not know of it."""
    await ground.install()
    finding, world = await ground.one(), ground.world
    await ground.later(HOUR)
    now = world.now
    row = TemplateRow("", "Patches", "", frozenset({PACKAGE}), "anna", 1, now + 99 * HOUR, APPROVED, "sophia", 2)
    async with world.store.write() as tx:
        number = (await add(tx, row)).number
        template = Template(number, row.paths, "sophia", 2, row.until)
        request = Request("work", "because", frozenset({ground.ci_id}), "boris", now)
        plan = Plan((line(ground, VERSION),), Window(now, now + HOUR), now)
        change = Change(
            "", ChangeType.STANDARD, "anna", request, plan, state=State.APPROVED, template=template, submitted_at=now
        )
        await changes.add(tx, change, changes.Origin(finding_id=finding.id), now)
        await changed(tx, [ground.ci_id], now, world.runner.policies)
    assert await ground.verdicts() == ["pending"]
    assert await standing(ground) == []
    assert [state for _, state in await ground.incidents()] != ["resolved"]


async def test_what_a_change_accepted_afterwards_is_open_again_as_soon_as_that_is_cancelled(ground: Ground) -> None:
    change = await accepted(ground)
    assert [basis for _, basis in await standing(ground)] == ["accepted"]
    await cancel(ground, change.number)
    assert await ground.verdicts() == ["unapproved"]
    assert await standing(ground) == []
    assert (await ground.incidents())[-1] == ("warning", "new")


async def test_what_a_change_accepted_afterwards_is_open_again_as_soon_as_that_is_edited(ground: Ground) -> None:
    change = await accepted(ground)
    await write_anew(ground, change.number)
    assert await ground.verdicts() == ["unapproved"]
    assert await standing(ground) == []


async def test_what_is_closed_and_rested_on_what_a_change_said_is_open_again_as_soon_as_that_is_edited(
    ground: Ground,
) -> None:
    change = await verified(ground)
    await write_anew(ground, change.number)
    finding = await ground.one()
    assert (finding.verdict, finding.closed_at, finding.due_at) == ("pending", None, finding.hi + 8 * HOUR)
    assert await standing(ground) == []
    at_once = [row.verdict for row in await ground.world.rows(schema.finding_item)]
    await ground.install(version="3.04")
    items = [row.verdict for row in await ground.world.rows(schema.finding_item)]
    assert items == [*at_once, "pending"], "and looked at once more it is the same"


async def test_what_was_approved_when_it_was_done_stays_verified_when_its_change_is_cancelled(ground: Ground) -> None:
    change = await verified(ground)
    await cancel(ground, change.number)
    assert await ground.verdicts() == ["verified"]
    assert [basis for _, basis in await standing(ground)] == ["change"]
    await ground.install(version="3.04")
    assert [row.verdict for row in await ground.world.rows(schema.finding_item)] == ["verified", "pending"]


async def test_what_an_emergency_explained_is_open_again_as_soon_as_that_is_cancelled(ground: Ground) -> None:
    """Nothing was approved when it was done: it rests on the record alone."""
    await ground.install()
    finding = await ground.one()
    await ground.later(2 * HOUR)
    change = await ground.raise_(ChangeType.EMERGENCY, line(ground, VERSION), window=(finding.lo, finding.hi),
                                 granted=ground.world.now)  # fmt: skip
    assert await ground.verdicts() == ["verified"]
    await cancel(ground, change.number)
    assert await ground.verdicts() == ["pending"]
    assert await standing(ground) == []


@pytest.mark.parametrize("state", [State.CLOSED, State.APPROVED])
async def test_what_rests_on_a_change_stays_as_it_is_when_another_one_of_its_ci_moves(
    ground: Ground, state: State
) -> None:
    change = await verified(ground)
    kept = await stored(ground.world.store, change.number)
    await save(ground, kept, replace(kept.change, state=state))
    before = [await ground.world.rows(table) for table in (schema.finding, schema.auth)]
    now = ground.world.now
    await ground.raise_(ChangeType.NORMAL, line(ground), window=(now, now + HOUR), granted=now)
    assert [await ground.world.rows(table) for table in (schema.finding, schema.auth)] == before
