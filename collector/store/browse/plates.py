"""CIs by what is printed on them: serial numbers and asset numbers, as their facts say now."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector import record
from collector.model import FOREVER, Path
from collector.store import interning
from collector.store.schema import ci, fact, val

SERIALS: Final = (Path("hardware", "serial"), Path("device", "serial"))
ASSETS: Final = (
    Path(record.SECTION, "asset_number"), Path("hardware", "asset_tag"), Path("device", "asset_tag"),
)  # fmt: skip


async def carrying(connection: AsyncConnection, paths: Iterable[Path], words: Collection[str]) -> dict[str, set[str]]:
    """Return word → the uids of the CIs one of whose facts at `paths` is that word; merged ones left out."""
    ids = list((await interning.known_paths(connection, paths)).values())
    hashes = {interning.hash_of(interning.canonical(word)): word for word in words if word}
    found: dict[str, set[str]] = {}
    for part in interning.chunks(hashes):
        rows = await connection.execute(
            select(ci.c.uid, val.c.hash)
            .select_from(fact.join(val, val.c.id == fact.c.val_id).join(ci, ci.c.id == fact.c.ci_id))
            .where(fact.c.path_id.in_(ids), val.c.hash.in_(part), fact.c.vt == FOREVER, fact.c.tt == FOREVER)
            .where(ci.c.merged_into.is_(None))
        )
        for row in rows:
            found.setdefault(hashes[bytes(row.hash)], set()).add(row.uid)
    return found


async def serials(connection: AsyncConnection, uids: Iterable[str]) -> dict[str, set[str]]:
    """Return uid → the serial numbers of that CI, as canonical JSON texts."""
    ids = list((await interning.known_paths(connection, SERIALS)).values())
    found: dict[str, set[str]] = {}
    for part in interning.chunks(uids):
        rows = await connection.execute(
            select(ci.c.uid, val.c.text)
            .select_from(fact.join(val, val.c.id == fact.c.val_id).join(ci, ci.c.id == fact.c.ci_id))
            .where(ci.c.uid.in_(part), fact.c.path_id.in_(ids), fact.c.vt == FOREVER, fact.c.tt == FOREVER)
        )
        for row in rows:
            found.setdefault(row.uid, set()).add(row.text)
    return found
