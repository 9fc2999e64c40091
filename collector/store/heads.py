"""How CIs stood: class, type, name, state, environment and label, each time one of them moved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import BigInteger, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import interning
from collector.store.engine import upsert
from collector.store.schema import ci, ci_head

STANDING: Final = ("ci_class", "ci_type", "name", "state", "environment", "label")
"""The columns of a CI whose past is kept."""
_KEY: Final = ("ci_id", "vf", "tf")


async def keep(connection: AsyncConnection, ci_ids: Iterable[int], at: int, recorded_at: int) -> None:
    """Write down how those CIs stand from `at` on, as is recorded at `recorded_at` (ms).

    What is told late begins no earlier than what stood last: with one word come the others, and these were not so yet.
    """
    put = upsert(connection, ci_head, _KEY)
    since, recorded = literal(at, BigInteger), literal(recorded_at, BigInteger)
    last = select(func.max(ci_head.c.vf)).where(ci_head.c.ci_id == ci.c.id).scalar_subquery()
    when = case((last > since, last), else_=since), recorded
    for part in interning.chunks(sorted(ci_ids)):
        now = select(ci.c.id, *when, *(ci.c[name] for name in STANDING)).where(ci.c.id.in_(part))
        await connection.execute(put.from_select([*_KEY, *STANDING], now))
