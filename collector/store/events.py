"""What devices said by themselves: written once, found by CI or by address, forgotten after a while."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Event
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import agent, event, source, subject_ci

PROTOCOLS = ("snmp", "redfish", "ssh", "nut")
"""Ways an address is known by, the surest first."""
HOST = "host"
FORGOTTEN_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Spoken:
    """Where an event came from: `ci_id` is None while nobody knows what stands at the address."""

    ci_id: int | None
    zone: str
    address: str
    observation_id: int


async def add(tx: AsyncConnection, told: Iterable[Event], spoken: Spoken) -> None:
    rows = [{**asdict(each), **asdict(spoken)} for each in told]
    if rows:
        await tx.execute(insert(tx, event), rows)


Place = tuple[str, str]
"""(zone, address)."""


async def speaker(tx: AsyncConnection, zone: str, address: str) -> int | None:
    """Return the CI at an address of a zone, None when nobody knows: see `speakers`."""
    return (await speakers(tx, [(zone, address)])).get((zone, address))


async def speakers(tx: AsyncConnection, places: Iterable[Place]) -> dict[Place, int]:
    """Return the CIs at these addresses: one that was swept, else the host whose agent calls from there.

    Where nobody knows, or several agents call from there, there is none.
    """
    asked = sorted(set(places))
    coded = {f"{protocol}/{zone}/{address}": (zone, address) for protocol in PROTOCOLS for zone, address in asked}
    bound = select(source.c.code, subject_ci.c.ci_id).join(subject_ci, subject_ci.c.source_id == source.c.id)
    swept: dict[str, int] = {}
    for part in interning.chunks(coded):
        rows = await tx.execute(bound.where(source.c.code.in_(part), subject_ci.c.role == HOST))
        swept |= {row[0]: int(row[1]) for row in rows}
    found: dict[Place, int] = {}
    for code, place in coded.items():  # the surest way first
        if code in swept:
            found.setdefault(place, swept[code])
    callers = await _callers(tx, [address for zone, address in asked if not zone and ("", address) not in found])
    return found | {("", address): ci_id for address, ci_id in callers.items()}


async def _callers(tx: AsyncConnection, addresses: Iterable[str]) -> dict[str, int]:
    """Return address → the host whose agent calls from there, where it is one."""
    agents = source.join(agent, agent.c.id == source.c.agent_id).join(
        subject_ci, (subject_ci.c.source_id == source.c.id) & (subject_ci.c.role == HOST)
    )
    calling = select(agent.c.address, subject_ci.c.ci_id).select_from(agents).where(agent.c.state == "active")
    hosts: dict[str, list[int]] = {}
    for part in interning.chunks(addresses):
        for row in await tx.execute(calling.where(agent.c.address.in_(part))):
            hosts.setdefault(row.address, []).append(int(row.ci_id))
    return {address: its[0] for address, its in hosts.items() if len(its) == 1}


async def adopt(tx: AsyncConnection, zone: str, address: str, ci_id: int) -> None:
    """Let what was said from an address before anybody knew who it was be said by this CI."""
    unknown = (event.c.zone == zone, event.c.address == address, event.c.ci_id.is_(None))
    await tx.execute(update(event).where(*unknown).values(ci_id=ci_id))


_COLUMNS = [event.c[name] for name in Event.__slots__]
_OF_CIS = (
    select(event.c.ci_id, *_COLUMNS)
    .where(event.c.ci_id.in_(bindparam("cis", expanding=True)), event.c.kind.in_(bindparam("kinds", expanding=True)))
    .where(event.c.at <= bindparam("until"), event.c.until >= bindparam("since"))
    .order_by(event.c.at, event.c.id)
    .limit(10_000)
)


async def of_cis(
    connection: AsyncConnection, ci_ids: Iterable[int], since: int, until: int, kinds: Collection[str]
) -> dict[int, list[Event]]:
    """Return CI → its events of these kinds in [since, until] (ms), oldest first: evidence for brackets."""
    found: dict[int, list[Event]] = {}
    for part in interning.chunks(ci_ids):
        asked = {"cis": part, "kinds": list(kinds), "since": since, "until": until}
        for ci_id, *told in await connection.execute(_OF_CIS, asked):
            found.setdefault(ci_id, []).append(Event(*told))
    return found


async def forget(tx: AsyncConnection, before: int, most: int) -> int:
    """Take away some events that are older than `before` (ms), or beyond the newest `most`; return how many."""
    beyond = select(event.c.id).order_by(event.c.id.desc()).offset(most).limit(1).scalar_subquery()
    old = select(event.c.id).where((event.c.until < before) | (event.c.id <= beyond)).limit(FORGOTTEN_AT_ONCE)
    gone = await tx.execute(delete(event).where(event.c.id.in_(old)).returning(event.c.id))
    return len(gone.all())
