"""What nobody saw in time after a change: a finding of another kind, for nothing is known to have moved.

It names a line with what is expected there, is told to who initiated the change in one errand a change, and ends by
itself once the line is seen, right or wrong, or a person decides it. The change itself waits for the same.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.expected import How
from collector.change.record import State
from collector.change.verification import VERIFY_WITHIN_MS, LineState
from collector.desk.table import Table
from collector.model import CI, Cause
from collector.record import PRODUCTION
from collector.security.audit import Act
from collector.services import errands
from collector.services.changes import expecting
from collector.services.changes.desk import Desk
from collector.store import change_parts, change_trail, changes, cis, unverified
from collector.store.change_trail import Mark
from collector.store.changes import Kept
from collector.store.unverified import Missed as Missed
from collector.store.unverified import Owed as Owed
from collector.wording import clean

KIND: Final = "unverified"
MAX_NAMED: Final = 20
"""Lines an errand names; all are counted."""


async def listed(connection: AsyncConnection, number: str = "", limit: int = 1000) -> list[Missed]:
    """Return what nobody has seen yet, the oldest first, of one change or of all."""
    return await unverified.listed(connection, number, limit)


def written(each: Missed) -> str:
    """Return what is expected there as a person writes it."""
    return expecting.written(change_parts.expected(How(each.how), json.loads(each.value)))


async def due(connection: AsyncConnection, desk: Desk, now: int) -> list[int]:
    """Return the ids of the changes of which `settle` has something to write at `now` (ms)."""
    known = await unverified.open_places(connection)
    waiting = {each.id: each for each in await changes.to_verify(connection) if each.id in known or _is_late(each, now)}
    over = await changes.by_ids(connection, known.keys() - waiting.keys())
    found = {each.id: await _moved(connection, desk, each, known.get(each.id, ()), now)
             for each in (*waiting.values(), *over)}  # fmt: skip
    return [change_id for change_id, (new, ended) in found.items() if new or ended]


async def settle(act: Act, desk: Desk, table: Table, change_ids: Collection[int]) -> None:
    """Write down which lines of these changes nobody saw in time, and what those came to that were."""
    known = await unverified.open_places(act.tx)
    for kept in await changes.by_ids(act.tx, change_ids):
        new, ended = await _moved(act.tx, desk, kept, known.get(kept.id, ()), act.at)
        if new or ended:
            await unverified.add(act.tx, kept.id, new, (kept.change.is_over_at or act.at, act.at))
            await unverified.close(act.tx, kept.id, ended, act.at)
            await _tell(act, kept, new, ended)
            await _errand(act, kept, await unverified.listed(act.tx, kept.change.number), table)


def _is_late(kept: Kept, now: int) -> bool:
    over_at = kept.change.is_over_at
    return over_at is not None and now > over_at + VERIFY_WITHIN_MS


async def _moved(
    connection: AsyncConnection, desk: Desk, kept: Kept, known: Collection[int], now: int
) -> tuple[dict[int, int], dict[int, str]]:
    """Return the lines nobody saw that are not `known` (place → CI), and what those came to that are (place → word)."""
    change = kept.change
    states = dict(enumerate(each.state for each in await desk.checks(connection, kept, now)))
    found = await cis.by_ids(connection, {line.ci_id for line in change.lines})
    missed = {
        place: line.ci_id
        for place, line in enumerate(change.lines)
        if change.state is State.IMPLEMENTED and states[place] is LineState.UNKNOWN and _is_ours(found.get(line.ci_id))
    }
    new = {place: ci_id for place, ci_id in missed.items() if place not in known}
    return new, {place: str(states.get(place, change.state)) for place in known if place not in missed}


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
        await errands.end(act.tx, KIND, key, act.at)


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
