"""Putting back what a finding shows: asked of somebody, said to be done by them, over when it is seen.

Each step stands among the answers of the finding and in the audit log, and is told by the incident it is done under.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import drift
from collector.change.item import Item
from collector.desk.table import BUILT_IN, Table
from collector.governance import Governance
from collector.incident.planning import CI_RETIRED, NOT_PRODUCTION, SELF_RECOVERED, out_of_scope
from collector.model import CI, Incident, Value, Verdict
from collector.reverting import LONGEST_MS, USUAL_MS, Revert, State, end_of
from collector.security.audit import Act
from collector.services import looking, revert_incidents
from collector.services.changes.asked import MAX_REASON, check_takes_part, lines_of
from collector.services.incidents import owning
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import acceptances, cis, findings, known, lanes, reverts
from collector.store.acceptances import Mark

PUT_BACK, AGAIN, OVER, GIVEN = "put_back", "again", "undo_over", "give"
WORDS: Final = (PUT_BACK, AGAIN, OVER, GIVEN)
"""Words of the trail of a finding beside those of its answers."""
NOT_THEIRS: Final = "only whom it was given says that it is put back"
UNSEEN: Final = "what is no production, or not in use any more, is held against nothing: nobody would see it put back"
OUT: Final[Mapping[str, str]] = {
    NOT_PRODUCTION: "配置项不再属于生产环境 / the CI is no longer in production",
    CI_RETIRED: "配置项已退役 / the CI is retired",
}
"""Why a task ends of a CI that is out of scope."""
EXPLAINED: Final = "已由批准或接受说明，无需恢复 / an approval or an acceptance explains it: nothing is to be put back"
"""Why a task ends whose finding closed without being put back."""


async def ask(act: Act, ci: CI, new: Revert, table: Table = BUILT_IN) -> Revert:
    """Ask somebody to put back what a finding of `ci` shows, instead of whom it was asked of before; raise `Refused`.

    `new` says of which finding, until when (0: the usual time), why and of whom: "" is who has the finding's incident
    or else who administers the class and has the least to do.
    """
    if out_of_scope(ci):
        raise Refused(UNSEEN)
    due_at = new.due_at or act.at + USUAL_MS
    if not act.at < due_at <= act.at + LONGEST_MS:
        raise Refused("it is to be put back within a year", "due_at")
    assignee = new.assignee or await _usual(act.tx, ci, new.finding_id)
    await check_takes_part(act.tx, assignee, "assignee")
    if before := await standing(act.tx, new.finding_id):
        await reverts.change(act.tx, before, reverts.ended(before, State.CANCELLED, act.at, f"→ {assignee}"))
    asked = replace(new, assignee=assignee, asked_by=act.by, asked_at=act.at, due_at=due_at)
    number = await revert_incidents.begin(act.tx, asked, ci, table)
    made = await reverts.add(act.tx, replace(asked, incident=number))
    act.tell("finding.undo", _name(made), _told(before) if before else {}, _told(made))
    return made


async def done(act: Act, number: int, note: str) -> None:
    """Say that it is put back, and have it looked at; raise `NotFound`, or `Refused` unless it is asked of who says so.

    It is over when it is seen.
    """
    before, said = await _standing(act.tx, number), lines_of(note, MAX_REASON, "note")
    if before.assignee != act.by:
        raise Refused(NOT_THEIRS)
    if before.state == State.DONE:
        raise Refused("that was said already: it waits to be seen")
    if not said:
        raise Refused("what was done is said", "note")
    await _turn(act, before, replace(before, state=State.DONE, turned_at=act.at, note=said), PUT_BACK, said)
    await revert_incidents.say(act.tx, before.incident, act.by, revert_incidents.SAID.format(act.by), act.at)
    await looking.ask(act, {await _ci_of(act.tx, number)})


async def call_off(act: Act, number: int, reason: str) -> None:
    """Let it not be put back any more; raise `NotFound`. Who may say so is the caller's to know."""
    before = await _standing(act.tx, number)
    await _end(act, before, State.CANCELLED, reason)


async def answered(act: Act, number: int) -> None:
    """End the task of a finding that was answered otherwise, if there is one; why, that answer says."""
    if before := await standing(act.tx, number):
        await _end(act, before, State.CANCELLED, "")


async def follow(act: Act, before: Incident, after: Incident) -> None:
    """Give the task that is done under an incident to whom that is given; raise `Refused` where they take no part."""
    its = await reverts.of_incident(act.tx, before.number) if after.assignee != before.assignee else None
    if its is None or its.assignee == after.assignee:
        return
    await check_takes_part(act.tx, after.assignee, "to")
    given = replace(its, assignee=after.assignee, state=State.OPEN, turned_at=act.at)
    await _turn(act, its, given, GIVEN, after.assignee)


async def is_due(connection: AsyncConnection) -> bool:
    """Return whether `settle` may have something to do."""
    return bool(await reverts.ripe(connection))


async def settle(act: Act, governance: Governance) -> int:
    """End the tasks whose findings closed or can close no more; open those again that are seen not to be done.

    Return how many.
    """
    moved, ripe = 0, await reverts.ripe(act.tx)
    things = await cis.by_ids(act.tx, {each.ci_id for each in ripe})
    for its, ci_id, verdict in ripe:
        if verdict is not None:
            moved += await _end(act, its, end_of(verdict), "" if verdict is Verdict.REVERTED else EXPLAINED)
        elif out := out_of_scope(things[ci_id]):
            moved += await _end(act, its, State.CANCELLED, OUT[out], out)
        elif shown := await _still_shown(act.tx, its, governance.of(things[ci_id].ci_class)):
            moved += await _again(act, its, shown)
    return moved


async def standing(connection: AsyncConnection, number: int) -> Revert | None:
    """Return the task of a finding that stands."""
    return (await reverts.of_findings(connection, [number])).get(number)


async def _standing(tx: AsyncConnection, number: int) -> Revert:
    found = await standing(tx, number)
    if found is None:
        raise NotFound("revert", str(number))
    return found


async def _usual(tx: AsyncConnection, ci: CI, number: int) -> str:
    """Return whom it is asked of where nobody is named; raise `Refused` where that is nobody."""
    own = await revert_incidents.own(tx, ci, number)
    found = own.assignee if own and own.assignee else await owning.administrator(tx, ci.ci_class)
    if not found:
        raise Refused("nobody administers this class: somebody is to be named", "assignee")
    return found


async def _ci_of(tx: AsyncConnection, number: int) -> int:
    items = (await findings.of_findings(tx, [number]))[number]
    return items[0].judged.item.ci_id


async def _still_shown(tx: AsyncConnection, its: Revert, governance: Governance) -> list[str]:
    """Return who looked after it was said to be done and still shows what is to be put back."""
    filed = (await findings.of_findings(tx, [its.finding_id])).get(its.finding_id, [])
    items = [each.judged.item for each in filed if each.judged.judgement.closed_at is None]
    looks = await known.looks(tx, {item.ci_id for item in items})
    fresh = [
        item for item in items if its.is_seen_by(looks.get((item.ci_id, item.path.section), {}).get(item.source, 0))
    ]
    if not fresh:
        return []
    claims, _ = await lanes.claims(tx, fresh[0].ci_id, [item.path for item in fresh])
    said = {(path, each.source): each.value for path, its_own in claims.items() for each in its_own}
    return sorted({item.source for item in fresh if _shows(item, said.get((item.path, item.source)), governance)})


def _shows(item: Item, said: Value, governance: Governance) -> bool:
    """Return whether a source still says what is to be put back: what it took back may wait for a second look."""
    held = drift.controlled(item.path, said, governance)
    if item.field:
        return bool(item.new == (held.get(item.field) if isinstance(held, dict) else None))
    return bool(held == item.new)


async def _again(act: Act, its: Revert, shown: list[str]) -> bool:
    after = replace(its, state=State.OPEN, turned_at=act.at, again=its.again + 1)
    if not await _turn(act, its, after, AGAIN, ", ".join(shown)):
        return False
    await revert_incidents.say(act.tx, its.incident, act.by, revert_incidents.STILL, act.at)
    return True


async def _end(act: Act, its: Revert, state: State, why: str, code: str = SELF_RECOVERED) -> bool:
    if not await _turn(act, its, reverts.ended(its, state, act.at, why), OVER, why):
        return False
    await revert_incidents.end(act.tx, its, act.at, code)
    return True


async def _turn(act: Act, before: Revert, after: Revert, word: str, said: str) -> bool:
    """Write what became of a task; return False when somebody else was faster."""
    if not await reverts.change(act.tx, before, after):
        return False
    mark = Mark(act.at, act.by, word, said, reference=str(after.state) if word == OVER else after.assignee)
    await acceptances.mark(act.tx, after.finding_id, mark)
    act.tell("finding.task", _name(after), _told(before), _told(after) | {"step": word})
    return True


def _name(its: Revert) -> str:
    return f"finding/{its.finding_id}"


def _told(its: Revert) -> dict[str, object]:
    """Return what the audit log says of a task."""
    return {
        "assignee": its.assignee, "state": str(its.state), "due_at": its.due_at, "reason": its.reason,
        "note": its.note, "incident": its.incident, "again": its.again,
    }  # fmt: skip
