"""The audit log: looked through, held against its chain and its anchors, and cut where it is old enough."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security import anchor, chain
from collector.security.audit import COLLECTOR, recorded
from collector.security.ca import Authority
from collector.security.chain import CUT, Broken, Check
from collector.store import audit, audit_anchors
from collector.store.audit import HEAD, START, AuditRow, Mark
from collector.store.browse import audit as browsed
from collector.store.browse.audit import AuditQuery
from collector.store.browse.page import Page, Window

__all__ = ["AuditRow", "Verdict", "anchored", "checked", "daily", "heads", "listed", "prune", "stretch", "verify"]

AT_ONCE: Final = 1000
"""Rows that are read and checked before others get their turn."""
CUT_AT_ONCE: Final = 10_000
DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the chain found: the rows kept are numbers `first` to `last`; `broken` None: they are intact.

    `anchored`: up to this number an anchor vouches for them; `outlived`: anchors of rows that are no longer kept.
    `forged`: days whose kept anchor is not what was signed; `lost`: days the log says were anchored, without an anchor.
    """

    first: int
    last: int
    broken: Broken | None
    anchored: int
    outlived: tuple[int, ...]
    forged: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def is_intact(self) -> bool:
        return not (self.broken or self.forged or self.lost)


async def listed(connection: AsyncConnection, query: AuditQuery, window: Window) -> Page[AuditRow]:
    """Return one page of the log, newest first; raise `BadCursor`."""
    return await browsed.list_audit(connection, query, window)


async def stretch(connection: AsyncConnection, after: int, limit: int) -> list[AuditRow]:
    """Return the rows behind number `after`, oldest first, as they are chained."""
    return await audit.after(connection, after, limit)


async def anchored(connection: AsyncConnection, authority: Authority) -> dict[str, Any]:
    """Return the present head as an anchor."""
    return anchor.signed(authority, await audit.mark(connection, HEAD))


async def daily(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Return the anchor of each day, the oldest first, as it is given back to be held against the log."""
    return [{"day": each.day, **anchor.told(each)} for each in await audit_anchors.everyone(connection)]


async def checked(connection: AsyncConnection, authority: Authority, given: Iterable[Mark] = ()) -> Verdict:
    """Check the whole chain, and that it holds the anchors that are kept here and those that are `given`."""
    kept = await audit_anchors.everyone(connection)
    genuine = [each for each in kept if anchor.is_genuine(authority, each)]
    found = await verify(connection, [*(each.head for each in genuine), *given])
    forged = {each.day for each in kept} - {each.day for each in genuine}
    lost = await audit_anchors.days_told(connection) - {each.day for each in kept}
    return replace(found, forged=tuple(sorted(forged)), lost=tuple(sorted(lost)))


def heads(authority: Authority, anchors: Iterable[Mapping[str, Any]]) -> list[Mark]:
    """Return the heads anchors speak of; raise `BadAnchor`."""
    return [anchor.opened(authority, each) for each in anchors]


async def verify(connection: AsyncConnection, anchors: Iterable[Mark] = ()) -> Verdict:
    """Check the whole chain, and that it holds `anchors`. Rows that are appended meanwhile are checked too."""
    start = await audit.mark(connection, START)
    kept = {each.seq: each.hash for each in anchors}
    check = Check(start, {seq: digest for seq, digest in kept.items() if seq >= start.seq})
    head = await _read(connection, check)
    broken = check.end(head)
    if broken and await audit.mark(connection, START) != start:
        return await verify(connection, anchors)  # old rows were taken away meanwhile
    outlived = tuple(sorted(seq for seq in kept if seq < start.seq))
    return Verdict(start.seq + 1, head.seq, broken, check.sure, outlived)


async def _read(connection: AsyncConnection, check: Check) -> Mark:
    """Let `check` take every row, also those that stand where none should; return the head as it is at the end."""
    seq = -1
    while True:
        head = await audit.mark(connection, HEAD)
        rows = await audit.after(connection, seq, AT_ONCE)
        if not rows:
            return head
        for row in rows:
            check.take(row)
        seq = rows[-1].seq
        await asyncio.sleep(0)


async def prune(tx: AsyncConnection, kept_ms: int, now: int) -> int:
    """Take away the oldest rows that are older than `kept_ms`, some at a time; return how many.

    The chain begins behind them from then on, which an act of its own tells; so it can still be checked.
    """
    start = await audit.mark(tx, START)
    to = await audit.last_before(tx, now - kept_ms, start.seq + CUT_AT_ONCE)
    if to is None:
        return 0
    async with recorded(tx, COLLECTOR, now) as act:
        removed = await audit.remove_to(tx, to.seq)
        await audit.set_mark(tx, START, to)
        act.tell(CUT, "audit", after={**chain.cut(to), "rows": removed})
    return removed
