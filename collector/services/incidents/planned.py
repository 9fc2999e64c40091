"""The incident of an inspection, a round or what is to be put back, and that itself: one owner, one time, one end.

It ends with the signature under its report, or when it is seen to be put back; whom it is given to, that is given to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.flow import Deed
from collector.desk.lifecycle import Denied, Why
from collector.incident.planning import MAINTENANCE
from collector.model import Incident
from collector.security.audit import Act
from collector.services import reverting
from collector.services.inspecting import cancelling as inspections
from collector.services.inspecting.plans import check_people
from collector.services.refused import Refused
from collector.services.stocktaking import cancelling as stocktakings
from collector.store import inspection_runs, reverts, rounds, stocktakes
from collector.store.inspection_runs import UNFINISHED, Run
from collector.store.stocktakes import Kept

BARRED: Final = {Deed.RESOLVE: Why.NOT_SIGNED, Deed.MERGE: Why.NOT_SIGNED, Deed.HAND_ON: Why.NEEDS_SOMEBODY}
"""What nobody does with it as long as that is not finished: it ends by a signature, and is somebody's until then."""

UNSEEN: Final = {
    Deed.RESOLVE: Why.NOT_SEEN, Deed.CANCEL: Why.NOT_SEEN, Deed.MERGE: Why.NOT_SEEN,
    Deed.HAND_ON: Why.NEEDS_SOMEBODY,
}  # fmt: skip
"""What nobody does with one under which something is to be put back: that is called off at its finding."""


async def barred(connection: AsyncConnection, its: Incident) -> Mapping[Deed, Why]:
    """Return what nobody does with an incident as things stand, whatever their role, and why."""
    if await unfinished(connection, its) is not None:
        return BARRED
    return UNSEEN if await reverts.of_incident(connection, its.number) else {}


async def unfinished(connection: AsyncConnection, its: Incident, hold: bool = False) -> Run | Kept | None:
    """Return the inspection or the stock-take an incident is of, None where it is of none, or of one that is over."""
    if its.kind != MAINTENANCE:
        return None
    if number := str(its.detail.get("inspection", "")):
        run = await inspection_runs.find(connection, number, hold)
        return run if run is not None and run.state in UNFINISHED else None
    kept = await stocktakes.find(connection, str(its.detail.get("stocktake", "")), hold)
    return kept if kept is not None and kept.closed_at is None else None


async def follow(act: Act, before: Incident, after: Incident, step: Deed, reason: str) -> None:
    """Do with what an incident is of what is done with the incident, which then is `after`.

    Raise `Denied` for what nobody does with it, `Refused` where it cannot be called off any more, or whom it is given
    to may not do it.
    """
    its, held = await unfinished(act.tx, before, hold=True), await barred(act.tx, before)
    if step in held:
        raise Denied([held[step]])
    if its is None:
        await reverting.follow(act, before, after)
        return
    if step is Deed.CANCEL:
        await (inspections if isinstance(its, Run) else stocktakings).cancel(act, its.number, reason)
    elif after.assignee != before.assignee:
        await _give(act, its, after.assignee)


async def _give(act: Act, its: Run | Kept, assignee: str) -> None:
    """Give it to somebody; who stood in for the one before stands in no more where it is now theirs."""
    if isinstance(its, Run):
        deputy = "" if its.new.deputy == assignee else its.new.deputy
        await check_people(act.tx, assignee, deputy)
        await inspection_runs.assign(act.tx, its.id, assignee, deputy)
        before = {"assignee": its.new.assignee}
        act.tell("inspection.assign", f"inspection/{its.number}", before, {"assignee": assignee})
    elif planned := await rounds.of(act.tx, its.id):
        if assignee not in its.people:
            raise Refused("somebody who counts in it is expected", "to")
        deputy = "" if planned.due.deputy == assignee else planned.due.deputy
        await rounds.give(act.tx, its.id, assignee, deputy)
        before = {"assignee": planned.due.assignee}
        act.tell("stocktake.assign", f"stocktake/{its.number}", before, {"assignee": assignee})
