"""What stands at the addresses of a sweep: the targets that answered, and the CIs they are."""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services.sweeps import Target
from collector.store.browse import swept
from collector.store.browse.ref import CiRef


async def cis(connection: AsyncConnection, zone: str, addresses: Collection[str]) -> dict[str, CiRef]:
    """Return the CI that a probe found at each address of a zone; addresses without one are left out."""
    return await swept.cis(connection, zone, addresses) if addresses else {}


async def answered(connection: AsyncConnection, uid: str, after: str, limit: int) -> list[Target]:
    """Return the targets of a sweep at which something is, in the order of their addresses as text."""
    return [
        Target(
            row.address, row.stage, row.cause, row.detail, row.credential, json.loads(row.found), row.at, row.took_ms
        )
        for row in await swept.answered(connection, uid, after, limit)
    ]
