"""Alerts nobody knows the CI of: those of one kind of a source share an incident, however many there are.

Only what moved is looked at: thousands may stand.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import incident
from collector.desk.table import Table
from collector.incident.foreign import FIRING, ForeignAlert, unbound_words
from collector.services.incidents import admitting
from collector.store import foreign_alerts, incidents, members


async def gather(tx: AsyncConnection, moved: Sequence[tuple[ForeignAlert, int | None]], table: Table, now: int) -> None:
    """Bring these incidents in line with alerts that moved, each with its CI: that are of none now, or were."""
    counts = await foreign_alerts.counted(tx, {(alert.source, alert.name) for alert, _ in moved})
    words = [unbound_words(*kind, its, now) for kind, its in sorted(counts.items()) if its]
    causes = [incident.foreign_cause(each, None) for each, ci_id in moved if ci_id is None and each.state == FIRING]
    its = await members.of_causes(tx, {each.cause_key for each, _ in moved})
    held = await incidents.held_of_members(tx, [each for each in its if each.ci_id is None], [*causes, *words], now)
    plan = incident.plan(held, [*causes, *words], now)
    if not plan.is_empty:
        await admitting.carry_out(tx, held, plan, table, now)
