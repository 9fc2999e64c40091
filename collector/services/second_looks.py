"""Second looks: what one look alone has shown is looked at again at once, not only when a plan comes by."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.audit import Act
from collector.services import looking
from collector.store import findings

AT_ONCE: Final = 200
"""CIs that are asked for together."""


async def is_due(connection: AsyncConnection) -> bool:
    """Return whether `settle` has something to do."""
    return bool(await findings.not_looked_for(connection, 1))


async def settle(act: Act) -> int:
    """Ask for a look at CIs of which one look has shown something, once of each thing; return of how many CIs.

    Where no plan covers an address nobody can look: its clock runs out as that of anything else.
    """
    ci_ids = await findings.not_looked_for(act.tx, AT_ONCE)
    asked = await looking.ask(act, ci_ids)
    await findings.look_for(act.tx, ci_ids)
    if asked.text:
        act.tell("finding.look", "findings", after={"agents": asked.agents, "addresses": asked.addresses})
    return len(ci_ids)
