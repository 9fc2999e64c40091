"""What the frame of every page shows: how much waits for a person."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse import changes, duplicates, findings, incidents


@dataclass(frozen=True, slots=True)
class Open:
    """How many findings, incidents and doubts about identity are open, and changes wait for somebody's word."""

    findings: int = 0
    incidents: int = 0
    cases: int = 0
    changes: int = 0


async def open_counts(connection: AsyncConnection) -> Open:
    """Return what is open now."""
    return Open(
        sum((await findings.count_open(connection)).values()),
        sum((await incidents.count_open(connection)).values()),
        await duplicates.count_open(connection),
        await changes.count_open(connection),
    )
