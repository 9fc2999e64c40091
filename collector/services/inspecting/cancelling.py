"""An inspection is called off: it counts as not done, and says who did that, when and why."""

from __future__ import annotations

from collector.security.audit import Act
from collector.services.inspecting.seen import find
from collector.services.refused import Refused
from collector.store import inspection_runs
from collector.store.inspection_runs import CANCELLED, OPEN


async def cancel(act: Act, number: str, reason: str) -> None:
    """End a run without its being done; `reason` has been read. Raise `NotFound`, `Refused` once it is signed."""
    run = await find(act.tx, number, hold=True)
    if run.state != OPEN:
        raise Refused("it is signed: it is reviewed or sent back, and not called off", "state")
    await inspection_runs.cancel(act.tx, run.id, (act.by, act.at), reason)
    act.tell("inspection.cancel", f"inspection/{number}", {"state": run.state}, {"state": CANCELLED, "reason": reason})
