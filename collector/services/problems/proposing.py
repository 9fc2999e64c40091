"""What comes three times in thirty days is proposed to be a problem; what comes after that is counted with it.

Of each key one stands at most: while it does, nothing more is proposed, and each further incident joins it. Once it was
declined or closed, only what comes after that counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.problem import OFTEN, WITHIN_MS, Problem, State
from collector.model import Incident
from collector.store import desk, problems, telling
from collector.store.desk import COLLECTOR
from collector.store.problems import Mark, New

log = structlog.get_logger(__name__)

SAID: Final = (
    "30 天内第 {n} 次发生，建议作为问题 {number} 处理 / came {n} times in 30 days: problem {number} is proposed"
)
PROPOSED: Final = "problem"
"""The step in the trail of an incident that belongs to a problem from then on."""


async def propose(tx: AsyncConnection, its: Iterable[Incident], now: int) -> list[str]:
    """Look whether any of these incidents has come too often by `now` (ms); return the numbers of new problems."""
    by_key = {each.cause_key: each for each in its if each.resolved_at is None}
    came, last = await problems.times(tx, by_key, now - WITHIN_MS), await problems.last_of(tx, by_key)
    found = []
    for key, one in sorted(by_key.items()):
        before, at = last.get(key), came.get(key, [])
        if before is not None and before.closed_at is None:
            await _joined(tx, before, one, now)
        elif len(at) >= OFTEN and (number := await _proposed(tx, one, at, before, now)):
            found.append(number)
    return found


async def _proposed(tx: AsyncConnection, one: Incident, at: list[int], before: Problem | None, now: int) -> str:
    """Propose a problem if it came often enough since the last one was over; return its number, "" for none."""
    since = max(now - WITHIN_MS, (before.closed_at or 0) + 1 if before else 0)
    count = sum(each >= since for each in at)
    if count < OFTEN:
        return ""
    new = New(one.cause_key, one.ci_id, one.title, COLLECTOR, count, State.PROPOSED)
    made = await problems.add(tx, new, now)
    if made is None:
        return ""
    ids = await problems.incidents_since(tx, one.cause_key, since)
    await problems.link(tx, made.id, {*ids, one.id}, now, COLLECTOR)
    await problems.note(tx, made.id, Mark(now, COLLECTOR, "propose"))
    said = SAID.format(n=count, number=made.number)
    await desk.note(tx, [(one.id, desk.Mark(now, COLLECTOR, PROPOSED, detail={"reference": made.number}))])
    await telling.tell(tx, [(one, "commented", said)], now)
    log.info("problem proposed", problem=made.number, incident=one.number, occurrences=count)
    return made.number


async def _joined(tx: AsyncConnection, standing: Problem, one: Incident, now: int) -> None:
    if await problems.link(tx, standing.id, [one.id], now, COLLECTOR):
        mark = desk.Mark(now, COLLECTOR, PROPOSED, detail={"reference": standing.number})
        await desk.note(tx, [(one.id, mark)])
