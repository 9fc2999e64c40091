"""How CIs stood: class, type, name, state, environment and label, each time one of them moved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import BigInteger, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import interning
from collector.store.engine import upsert
from collector.store.schema import ci, ci_head

EVER: Final = 0
"""From when the first one holds: for all anybody knows it was always so."""
STANDING: Final = ("ci_class", "ci_type", "name", "state", "environment", "label")
"""The columns of a CI whose past is kept."""
_KEY: Final = ("ci_id", "vf", "tf")


async def keep(connection: AsyncConnection, ci_ids: Iterable[int], at: int, recorded_at: int) -> None:
    """Write down how those CIs stand from `at` on, as is recorded at `recorded_at` (ms)."""
    put = upsert(connection, ci_head, _KEY)
    for part in interning.chunks(sorted(ci_ids)):
        when = literal(at, BigInteger), literal(recorded_at, BigInteger)
        now = select(ci.c.id, *when, *(ci.c[name] for name in STANDING)).where(ci.c.id.in_(part))
        await connection.execute(put.from_select([*_KEY, *STANDING], now))
