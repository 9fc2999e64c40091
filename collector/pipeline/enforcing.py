"""Log-only by the clock: when it has ended, begun or changed, incidents are brought in line with it."""

from __future__ import annotations

import json
from dataclasses import astuple

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.pipeline import judging
from collector.pipeline.judged import Judged
from collector.pipeline.policies import Policies
from collector.store import enforcement

AT_ONCE = 200


async def settle(tx: AsyncConnection, policies: Policies, now: int) -> None:
    """Bring incidents in line where the table of modes is another one than before, or an entry of it has ended."""
    holds = json.dumps(sorted(astuple(each) for each in policies.modes.active(now)))
    before = await enforcement.last(tx)
    if holds == (before or "[]"):
        return
    beyond = 0
    while ci_ids := await enforcement.concerned(tx, beyond, AT_ONCE):
        await judging.judge(tx, {}, ci_ids, policies, now, Judged())
        beyond = ci_ids[-1]
    await enforcement.remember(tx, holds)
