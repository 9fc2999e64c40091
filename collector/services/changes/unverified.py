"""What nobody saw in time after a change: a finding of another kind, for nothing is known to have moved.

It names a line with what is expected there, is told to who initiated the change in one errand a change, and ends by
itself once the line is seen, right or wrong, or a person decides it. The change itself waits for the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.record import State
from collector.change.verification import VERIFY_WITHIN_MS, LineState
from collector.desk.table import Table
from collector.model import CI, Cause
from collector.record import PRODUCTION
from collector.security.audit import Act
from collector.services import errands
from collector.services.changes.desk import Desk
from collector.store import change_trail, changes, cis, incidents, unverified
from collector.store.change_trail import Mark
from collector.store.changes import Kept
from collector.store.unverified import Missed
from collector.wording import clean

KIND: Final = "unverified"
MAX_NAMED: Final = 20
"""Lines an errand names; all are counted."""


async def listed(connection: AsyncConnection, number: str = "") -> list[Missed]:
    """Return what nobody has seen yet, the oldest first, of one change or of all."""
    return await unverified.listed(connection, number)


async def is_due(connection: AsyncConnection, now: int) -> bool:
    """Return whether `settle` may have something to do at `now` (ms)."""
    if await unverified.open_places(connection):
        return True
    return any(_is_late(each, now) for each in await changes.to_verify(connection))


async def settle(act: Act, desk: Desk, table: Table) -> int:
    """Write down which lines nobody saw in time, and what those came to that were; return of how many changes."""
    known = await unverified.open_places(act.tx)
    waiting = {each.id: each for each in await changes.to_verify(act.tx) if each.id in known or _is_late(each, act.at)}
    moved = 0
    for kept in (*waiting.values(), *await changes.by_ids(act.tx, known.keys() - waiting.keys())):
        moved += await _settle(act, desk, kept, known.get(kept.id, set()), table)
    return moved


def _is_late(kept: Kept, now: int) -> bool:
    over_at = kept.change.is_over_at
    return over_at is not None and now > over_at + VERIFY_WITHIN_MS


async def _settle(act: Act, desk: Desk, kept: Kept, known: set[int], table: Table) -> bool:
    change = kept.change
    states = dict(enumerate(each.state for each in await desk.checks(act.tx, kept, act.at)))
    found = await cis.by_ids(act.tx, {line.ci_id for line in change.lines})
    missed = {
        place: line.ci_id
        for place, line in enumerate(change.lines)
        if change.state is State.IMPLEMENTED and states[place] is LineState.UNKNOWN and _is_ours(found.get(line.ci_id))
    }
    new = {place: ci_id for place, ci_id in missed.items() if place not in known}
    ended = {place: str(states.get(place, change.state)) for place in known - missed.keys()}
    if not new and not ended:
        return False
    await unverified.add(act.tx, kept.id, new, (change.is_over_at or act.at, act.at))
    await unverified.close(act.tx, kept.id, ended, act.at)
    await _tell(act, kept, new, ended)
    await _errand(act, kept, await unverified.listed(act.tx, change.number), table)
    return True


def _is_ours(ci: CI | None) -> bool:
    return ci is not None and ci.environment == PRODUCTION


async def _tell(act: Act, kept: Kept, new: Mapping[int, int], ended: Mapping[int, str]) -> None:
    """Write into the trail of the change, and the audit log, which of its lines (by place) were missed or seen."""
    for word, places in (("unverified", sorted(new)), ("seen", sorted(ended))):
        if places:
            told = ", ".join(f"#{place + 1}" for place in places)
            await change_trail.add(act.tx, kept.id, Mark(act.at, act.by, word, kept.change.state, told))
    said = {place + 1: KIND for place in new} | {place + 1: word for place, word in ended.items()}
    act.tell("change.unverified", f"change/{kept.change.number}", after={f"line {key}": said[key] for key in said})


async def _errand(act: Act, kept: Kept, missed: Sequence[Missed], table: Table) -> None:
    """Let the owner of a change have an errand as long as nobody saw some of it."""
    key = f"{KIND}|{kept.change.number}"
    if missed:
        cause = _cause(key, kept, missed, act.at)
        owners = (kept.change.initiator, kept.change.request.implementer)
        await errands.tell(act.tx, cause, owners, table, act.at)
    else:
        told = await incidents.open_of_kind(act.tx, KIND)
        await errands.over(act.tx, [each for each in told if each.cause_key == key], act.at)


def _cause(key: str, kept: Kept, missed: Sequence[Missed], now: int) -> Cause:
    number, names = kept.change.number, sorted({clean(each.ci.name) for each in missed})
    where = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    return Cause(
        key=key,
        ci_id=None,
        kind=KIND,
        severity="warning",
        title={
            "zh": f"变更 {number} 有 {len(missed)} 项结果未核实：{where}",
            "en": f"Change {number}: nobody has seen {len(missed)} of its results: {where}",
        },
        detail={
            "change": number,
            "unverified": [
                {"ci": {"uid": each.ci.uid, "name": each.ci.name}, "section": each.section, "key": each.key,
                 "field": each.field, "how": each.how, "value": each.value[:200]}
                for each in missed[:MAX_NAMED]
            ],
            "more": max(0, len(missed) - MAX_NAMED),
        },
        since=now,
        category="maintenance",
        line=2,
    )  # fmt: skip
