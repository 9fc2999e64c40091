"""A stock-take is called off: it ends as it stands, with the reason, and counts as not done."""

from __future__ import annotations

from dataclasses import replace

from collector import stocktake
from collector.security.audit import Act
from collector.services.stocktaking.seen import head_of, photos_of, result_of, still_open
from collector.store import stocktakes


async def cancel(act: Act, number: str, reason: str) -> None:
    """End a stock-take without its being done; `reason` has been read. Raise `NotFound`, `Refused`.

    What was counted until then is sealed like the report of one that was closed.
    """
    kept = await still_open(act.tx, number)
    ended = replace(kept, closed_at=act.at, closed_by=act.by, note=reason, cancelled=True)
    whole = await result_of(act.tx, kept)
    ended = replace(ended, digest=stocktake.digest(head_of(ended, await photos_of(act.tx, kept)), whole))
    await stocktakes.close(act.tx, ended)
    act.tell("stocktake.cancel", f"stocktake/{number}", after={"reason": reason, "digest": ended.digest})
