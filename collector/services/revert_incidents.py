"""The incident under which something is put back: that of the finding, given to whom it is asked of, or an errand.

A finding that has an incident of its own has one thing to be done about it, so the task is no second one: it is given
away and has the time of the task, by which its clocks warn and escalate. Where there is none (log-only) or it is
shared with others (a campaign), an errand is opened for the task alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.table import Table
from collector.incident.causes import finding_key
from collector.incident.planning import ASSIGNED, UNTOUCHED
from collector.model import CI, Cause, Incident
from collector.reverting import Revert
from collector.services import errands
from collector.services.refused import Refused
from collector.store import desk, incidents, telling
from collector.store.desk import COLLECTOR, Mark
from collector.wording import clean, time_text

KIND: Final = "revert"
ASKED: Final = "{0} 须在 {1} 前还原变动 #{2} / {0} is to put back finding {2} until {1}"
SAID: Final = "{0} 报告已还原，待采集确认 / {0} says that it is put back: it waits to be seen"
STILL: Final = "仍采集到未授权的值，还原未完成 / what was not approved is still seen: it is not put back"
OVER: Final = "还原任务已结束 / it is not to be put back any more"


async def begin(tx: AsyncConnection, its: Revert, ci: CI, table: Table) -> str:
    """Give the incident of a finding to whom it is asked of, or open an errand; return its number; raise `Refused`."""
    found = await own(tx, ci, its.finding_id)
    if found is None:
        cause = _cause(its, ci)
        await errands.tell(tx, cause, [its.assignee], table, its.asked_at)
        found = next(each for each in await incidents.open_of_kind(tx, KIND) if each.cause_key == cause.key)
    try:
        await _give(tx, found, its)
    except desk.Stale:
        raise Refused(f"{found.number} is no longer what was looked at: somebody wrote it since") from None
    return found.number


async def say(tx: AsyncConnection, number: str, who: str, sentence: str, at: int) -> None:
    """Write a sentence into the trail of an incident and tell it to those who hear of it, as long as it is open."""
    found = await _open(tx, number)
    if found is not None:
        await desk.note(tx, [(found.id, Mark(at, who, "comment", sentence))])
        await telling.tell(tx, [(found, "commented", sentence)], at)


async def end(tx: AsyncConnection, its: Revert, at: int, why: str) -> None:
    """End an errand, `why` is a code of how; an incident of the finding has its own time again."""
    found = await _open(tx, its.incident)
    if found is None:
        return
    if found.kind == KIND:
        await errands.over(tx, [found], at, why)
    else:
        await desk.save(tx, found, {"due_at": None, "wake_at": at})
        await desk.note(tx, [(found.id, Mark(at, COLLECTOR, "comment", OVER))])


async def own(tx: AsyncConnection, ci: CI, number: int) -> Incident | None:
    """Return the open incident that is the finding's own."""
    key = finding_key(number)
    return next((each for each in await incidents.open_ones(tx, [ci.id]) if each.cause_key == key), None)


async def _open(tx: AsyncConnection, number: str) -> Incident | None:
    found = await incidents.find(tx, number) if number else None
    return found if found is not None and found.resolved_at is None else None


async def _give(tx: AsyncConnection, found: Incident, its: Revert) -> None:
    """Make it theirs and due with the task; who is at work on it already goes on."""
    at, stays = its.asked_at, found.assignee == its.assignee and found.state not in UNTOUCHED
    moved = replace(found, assignee=its.assignee, state=found.state if stays else ASSIGNED, due_at=its.due_at)
    values = {"assignee": moved.assignee, "state": moved.state, "due_at": its.due_at, "wake_at": at}
    await desk.save(tx, found, values if stays else values | {"pending_reason": ""})
    if (moved.state, moved.assignee) != (found.state, found.assignee):
        await desk.turn(tx, [moved], at)
    said = ASKED.format(its.assignee, time_text(its.due_at), its.finding_id)
    await desk.note(tx, [(found.id, Mark(at, its.asked_by, "assign", its.reason, {"to": its.assignee}))])
    await telling.tell(tx, [(moved, "updated", said)], at)


def _cause(its: Revert, ci: CI) -> Cause:
    named = clean(ci.name)
    return Cause(
        key=f"{KIND}|{its.finding_id}",
        ci_id=None,
        kind=KIND,
        severity="warning",
        title={"zh": f"还原变动 #{its.finding_id}：{named}", "en": f"Put back finding {its.finding_id}: {named}"},
        detail={"finding": its.finding_id, "due": time_text(its.due_at), "reason": its.reason},
        since=its.asked_at,
        category="maintenance",
        line=2,
    )
