"""The CIs behind swept addresses: a target of a sweep is a source, and its subject is bound to a CI."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import and_, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse.ref import CiRef
from collector.store.interning import chunks
from collector.store.schema import ci, source, subject_ci, sweep, sweep_target
from collector.store.sweep_targets import LedgerRow, place_after

QUIET = ("no_answer", "excluded", "blackout", "cancelled")
"""Causes at the first stage that mean that nothing is known to be there."""
PROTOCOLS = ("snmp", "ssh", "redfish", "nut")
HOST = "host"


async def cis(connection: AsyncConnection, zone: str, addresses: Collection[str]) -> dict[str, CiRef]:
    """Return the CI bound to each address of `zone`, under whichever protocol."""
    wanted = set(addresses)
    codes = {f"{protocol}/{zone}/{address}": address for address in wanted for protocol in PROTOCOLS}
    bound = (
        select(source.c.code, ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state)
        .join(subject_ci, (subject_ci.c.source_id == source.c.id) & (subject_ci.c.role == HOST))
        .join(ci, ci.c.id == subject_ci.c.ci_id)
    )
    found: dict[str, CiRef] = {}
    behind = bound.where(source.c.code.startswith(f"nut/{zone}/", autoescape=True))
    for row in await connection.execute(behind):  # devices behind UPS servers; few, and named after their address
        if (address := row[0].split("/")[2]) in wanted:
            found[address] = CiRef(*row[1:])
    for part in chunks(codes):
        rows = await connection.execute(bound.where(source.c.code.in_(part)))
        found.update({codes[row[0]]: CiRef(*row[1:]) for row in rows})
    return found


async def answered(connection: AsyncConnection, uid: str, after: str, limit: int) -> list[LedgerRow]:
    """Return the targets of a sweep at which something is, in the order of their addresses, behind `after`."""
    columns = sweep_target.c
    own = select(sweep.c.id).where(sweep.c.uid == uid).scalar_subquery()
    silent = and_(columns.stage == "sweep", columns.cause.in_(QUIET))
    statement = (
        select(*(columns[name] for name in LedgerRow.__slots__))
        .where(columns.sweep_id == own, columns.place > place_after(after), not_(silent))
        .order_by(columns.place)
        .limit(limit)
    )
    return [LedgerRow(*row) for row in await connection.execute(statement)]
