"""Plans of rounds come due: each makes its stock-take. That it is done in time is its incident's."""

from __future__ import annotations

from collector.services import recurring
from collector.services.inspecting.inspector import Inspector
from collector.services.recurring import Recurring
from collector.services.stocktaking import making
from collector.services.stocktaking.plans import Kept
from collector.store.engine import Store
from collector.store.plans import ROUNDS


async def due(store: Store, inspector: Inspector, now: int) -> list[str]:
    """Make the stock-takes whose time has come at `now` (ms), return their numbers."""

    async def make(kept: Kept, when: tuple[int, int], now: int) -> str:
        return await making.make(store, inspector, kept, when, now)

    return await recurring.due(store, Recurring(ROUNDS, inspector.calendar, make, inspector.desk), now)
