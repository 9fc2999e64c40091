"""What sweeps learned of addresses, and what the collector holds of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import interning
from collector.store.engine import upsert
from collector.store.schema import known_device, section, source, subject_ci
from wire.observation import Status


@dataclass(frozen=True, slots=True)
class KnownRow:
    """One address. `credential`: uid of the last one it took, `dialect`: how. `stamps`: the probe's own JSON.

    `seen_at`: epoch ms.
    """

    address: str
    credential: str
    vendor: str
    dialect: str
    stamps: str
    seen_at: int


_COLUMNS = [known_device.c[name] for name in KnownRow.__slots__]
_FRESH = KnownRow.__slots__[1:]


async def put(tx: AsyncConnection, zone: str, rows: Sequence[KnownRow]) -> None:
    """Write what is known of addresses; what was known before is replaced."""
    if not rows:
        return
    replaced = upsert(tx, known_device, ("zone", "address"), *_FRESH)
    await tx.execute(replaced, [{"zone": zone, **asdict(row)} for row in rows])


async def latest(connection: AsyncConnection, zone: str) -> list[KnownRow]:
    """Return the addresses of a zone, those heard of last first."""
    here = select(*_COLUMNS).where(known_device.c.zone == zone)
    return [KnownRow(*row) for row in await connection.execute(here.order_by(known_device.c.seen_at.desc()))]


async def hashes(connection: AsyncConnection, codes: Iterable[str]) -> dict[str, dict[str, bytes]]:
    """Return source code → section → hash of the body that is held of the CI the source speaks of now."""
    found: dict[str, dict[str, bytes]] = {}
    bound = and_(subject_ci.c.source_id == section.c.source_id, subject_ci.c.ci_id == section.c.ci_id)
    joined = section.join(source, source.c.id == section.c.source_id).join(subject_ci, bound)
    held = (section.c.status == int(Status.OK), section.c.last_ok > 0, section.c.hash != b"")
    wanted = select(source.c.code, section.c.name, section.c.hash).select_from(joined)
    wanted = wanted.where(*held, subject_ci.c.role == "host")
    for part in interning.chunks(codes):
        for code, name, hashed in await connection.execute(wanted.where(source.c.code.in_(part))):
            found.setdefault(code, {})[name] = bytes(hashed)
    return found
