"""Errands: what somebody is to see to that is about no CI. An incident of theirs, told anew as its words change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import incident
from collector.desk.priority import Affected, reckon
from collector.desk.table import Table
from collector.incident.planning import MAINTENANCE, SELF_RECOVERED, TOLD, Plan, ended_by_itself
from collector.model import Cause, Incident
from collector.store import accounts, incidents
from collector.store.accounts import ACTIVE
from collector.store.admissions import Admission


async def tell(tx: AsyncConnection, cause: Cause, owners: Iterable[str], table: Table, now: int) -> None:
    """Open the incident of `cause` at `now` (ms), or let the one that is open say it.

    It is that of the first of `owners` whose account is in use, and of nobody where none is.
    """
    held = await incidents.held_of(tx, (), [cause], now)
    planned = incident.plan(held, [cause], now)
    said = (replace(each, title=cause.title, detail=cause.detail) for each in held.incidents)
    words = tuple(each for each in said if each not in held.incidents and each.cause_key == cause.key)
    known = Admission(
        reckon(table, Affected(), cause.severity, ""), cause.line, MAINTENANCE, cause.category,
        assignee=await _owner(tx, owners),
    )  # fmt: skip
    opening = tuple(replace(each, role=TOLD) for each in planned.open)
    its = Plan(open=opening, reopen=planned.reopen, update=words)
    await incidents.apply(tx, its, now, dict.fromkeys((each.key for each in opening), known))


async def end(tx: AsyncConnection, kind: str, key: str, now: int) -> None:
    """End the errand of that kind and key, if there is one."""
    await over(tx, [each for each in await incidents.open_of_kind(tx, kind) if each.cause_key == key], now)


async def over(tx: AsyncConnection, done: Iterable[Incident], now: int, why: str = SELF_RECOVERED) -> None:
    """End these: nothing is left to see to, `why` is a code. What somebody is at work on only says so."""
    ending = [each for each in done if each.recovered_at is None]
    codes = {each.id: why for each in ending}
    resolve, recover = ended_by_itself(ending, now, codes)
    if ending:
        await incidents.apply(tx, Plan(resolve=resolve, recover=recover, why=codes), now)


async def _owner(tx: AsyncConnection, names: Iterable[str]) -> str:
    for name in names:
        account = await accounts.by_name(tx, name)
        if account is not None and account.state == ACTIVE:
            return account.name
    return ""
