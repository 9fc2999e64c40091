"""Plans of rounds come due; what soon will be late is told of, and what is, each once."""

from __future__ import annotations

import structlog

from collector.desk.clocks import FULL
from collector.services import recurring
from collector.services.inspecting.inspector import Inspector
from collector.services.recurring import Recurring
from collector.services.stocktaking import making
from collector.services.stocktaking.plans import Kept
from collector.store import inspection_incidents, rounds
from collector.store.engine import Store
from collector.store.failure import reading, writing
from collector.store.plans import ROUNDS

log = structlog.get_logger(__name__)


async def due(store: Store, inspector: Inspector, now: int) -> list[str]:
    """Make the stock-takes whose time has come at `now` (ms), return their numbers."""

    async def make(kept: Kept, when: tuple[int, int], now: int) -> str:
        return await making.make(store, inspector, kept, when, now)

    return await recurring.due(store, Recurring(ROUNDS, inspector.calendar, make), now)


async def escalate(store: Store, inspector: Inspector, now: int) -> int:
    """Tell of what soon will be late at `now` (ms) and of what is; return how many there were."""
    async with reading(store) as connection:
        soon, late = await rounds.to_warn_of(connection, now), await rounds.overdue(connection, now)
    for each in soon:
        async with writing(store) as tx:
            await inspection_incidents.passed(tx, each.incident, inspector.desk.warn_percent, each.warn_at, now)
            await rounds.warned(tx, each.stocktake_id)
        log.info("stock-take due soon", incident=each.incident, assignee=each.assignee)
    for each in late:
        async with writing(store) as tx:
            await inspection_incidents.passed(tx, each.incident, FULL, each.due_at, now)
            await rounds.escalated(tx, each.stocktake_id, now)
        log.info("stock-take overdue", incident=each.incident, assignee=each.assignee)
    return len(soon) + len(late)
