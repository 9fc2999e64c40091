"""What periodic maintenance is done with, composed once where the collector starts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.compiled import CompiledRule
from collector.desk.table import BUILT_IN, Table
from collector.inspecting.looked import Looked
from collector.inspecting.plan import Plan
from collector.services.wiring import Wiring
from collector.workcalendar import Calendar

Look = Callable[[AsyncConnection, Plan, int, Collection[int] | None], Awaitable[Looked]]
"""Look at the scope of a plan at a time (ms), or at these of it; raise `BadPlan`."""
Divide = Callable[[AsyncConnection, Plan], Awaitable[Sequence[Collection[int]]]]
"""Say which CIs each report of a plan is of, one where one holds them all; raise `BadPlan`."""


async def _nothing(_connection: AsyncConnection, _plan: Plan, _now: int, _only: Collection[int] | None) -> Looked:
    return Looked({}, ())


async def _whole(_connection: AsyncConnection, _plan: Plan) -> Sequence[Collection[int]]:
    return [()]


@dataclass(frozen=True, slots=True)
class Inspector:
    """`look`: who looks; `calendar`: which days are worked; `templates`: name → plan; `woken`: plans have moved.

    `divide`: who says how many reports a plan takes. `wiring`: where things are plugged in, for rounds. `desk`: how the
    desk works, for the incidents that come of it.
    """

    look: Look = _nothing
    rules: Mapping[str, CompiledRule] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=Calendar)
    templates: Mapping[str, Plan] = field(default_factory=dict)
    desk: Table = BUILT_IN
    wiring: Wiring = field(default_factory=Wiring)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    divide: Divide = _whole

    def wake(self) -> None:
        """Have the clock looked at now."""
        self.woken.set()
