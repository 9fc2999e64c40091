"""Log-only with its store: which findings open no incident."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import CI, Finding
from collector.modes import Modes
from collector.store import places


async def enforced(
    tx: AsyncConnection, found: Iterable[Finding], cis: Mapping[int, CI], modes: Modes, now: int
) -> list[Finding]:
    """Return those of `found` that are not only logged."""
    known = list(found)
    if not known or not modes.active(now):
        return known
    stand = await places.of_cis(tx, {each.ci_id for each in known})
    return [each for each in known if modes.of(cis[each.ci_id], stand.get(each.ci_id, ""), now) is None]
