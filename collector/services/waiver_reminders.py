"""Waivers that end soon: an incident of who asked for one, told anew at each step, until it ends."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from collector.desk.table import BUILT_IN, Table
from collector.model import Cause
from collector.security.audit import Act
from collector.services import errands
from collector.store import incidents, waivers
from collector.store.waivers import Kept
from collector.waiver import Waiver

KIND: Final = "waiver"
SEVERITY: Final = "warning"


async def step(act: Act, table: Table = BUILT_IN) -> int:
    """Tell of waivers that end in 14, 7 and 1 days, each once; return how many were told of.

    Whose owner is gone is told to who granted it. What was told of a waiver that holds no longer ends.
    """
    kept = await waivers.granted(act.tx, act.at)
    told = 0
    for each in kept:
        days = _due(each, act.at)
        if days and await waivers.reminded(act.tx, each, act.at):
            await _tell(act, each.waiver, days, table)
            told += 1
    await _end(act, {_key(each.waiver) for each in kept})
    return told


async def _tell(act: Act, its: Waiver, days: int, table: Table) -> None:
    await errands.tell(act.tx, _cause(its, days, act.at), (its.requested_by, its.decided_by), table, act.at)
    who = {"owner": its.requested_by, "granted_by": its.decided_by, "days_left": days}
    act.tell("waiver.remind", f"waiver/{its.number}", after=who)


async def _end(act: Act, holding: Collection[str]) -> None:
    told = await incidents.open_of_kind(act.tx, KIND)
    await errands.over(act.tx, [each for each in told if each.cause_key not in holding], act.at)


def _due(kept: Kept, now: int) -> int:
    return kept.waiver.reminder_due(max(kept.reminded_at, kept.waiver.decided_at), now)


def _key(its: Waiver) -> str:
    return f"{KIND}|{its.number}"


def _cause(its: Waiver, days: int, now: int) -> Cause:
    """Return what is told: after its end what it lets off is an incident again, unless it is mended or waived anew."""
    return Cause(
        key=_key(its),
        ci_id=None,
        kind=KIND,
        severity=SEVERITY,
        title={
            "zh": f"豁免 {its.number}（{its.rule}）将在 {days} 天内到期，请处理问题或重新申请",
            "en": f"Waiver {its.number} ({its.rule}) ends within {days} {'day' if days == 1 else 'days'}: "
            "mend what it lets off, or ask for it anew",
        },
        detail={"waiver": its.number, "ends": its.expires, "days_left": days},
        since=now,
        category="maintenance",
        line=2,
    )
