"""What the end of a stock-take led to: a finding, an incident, or a CI that nobody knew before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.engine import insert
from collector.store.schema import ci, stocktake_lead

_lead = stocktake_lead.c


@dataclass(frozen=True, slots=True)
class Lead:
    """Of what is missing (`item`: its uid) the finding or the incident; of what nobody knew (the text that was seen)
    the CI that is proposed for it. `finding_id` None, `incident` "": none.
    """

    item: str
    ci_id: int
    finding_id: int | None = None
    incident: str = ""
    uid: str = ""


async def add(tx: AsyncConnection, stocktake_id: int, leads: Sequence[Lead]) -> None:
    rows = [{"stocktake_id": stocktake_id, **asdict(each)} for each in leads]
    for row in rows:
        del row["uid"]
    if rows:
        await tx.execute(insert(tx, stocktake_lead), rows)


async def of(connection: AsyncConnection, stocktake_id: int) -> dict[str, Lead]:
    """Return item → what it led to."""
    wanted = select(_lead.item, _lead.ci_id, _lead.finding_id, _lead.incident, ci.c.uid)
    joined = wanted.select_from(stocktake_lead.join(ci, ci.c.id == _lead.ci_id))
    rows = await connection.execute(joined.where(_lead.stocktake_id == stocktake_id))
    return {row.item: Lead(*row) for row in rows}
