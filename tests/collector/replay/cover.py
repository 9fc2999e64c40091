"""Whether the authorised lane moved only with cover: an approved change naming it, an accepted item, our own reader."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from collector.change.approval import approved_at
from collector.change.record import Change, ChangeType
from collector.model import FOREVER, Path
from collector.store import changes, schema
from collector.store.engine import Store
from tests.collector.replay.tables import Rows, tables

BASES = {ChangeType.EMERGENCY: "emergency", ChangeType.REQUEST: "request"}
OTHERWISE = "change"


async def uncovered(store: Store, end: int) -> list[Any]:
    """Return the rows of the authorised lane for which nothing stands by `end` (ms)."""
    told = await tables(store)
    async with store.read() as reader:
        numbers = (await reader.execute(select(schema.change.c.number))).scalars().all()
        known = {number: kept.change for number in numbers if (kept := await changes.find(reader, number))}
    return [row for row in told["auth"] if row[6] != "arrival" and not _is_covered(row, told, known, end)]


def _is_covered(row: list[Any], told: Rows, known: dict[str, Change], end: int) -> bool:
    ci_id, section, key, _, at, _, basis, reference = row
    here = [each for each in told["item"] if (each[0], each[2], each[3], each[6]) == (ci_id, section, key, at)]
    if basis == "correction":
        claims = [each for each in told["claim"] if (each[0], each[2], each[3], each[5]) == (ci_id, section, key, at)]
        return any(each[8] == "revision" for each in claims)
    if basis == "accepted":
        return any(each[7] == "accepted" for each in here)
    stands = any(each[7] in ("verified", "authorised") and each[8] == reference for each in here)
    return stands and _allows(known[reference], basis, (ci_id, Path(section, key)), end)


def _allows(change: Change, basis: str, place: tuple[int, Path], end: int) -> bool:
    ci_id, path = place
    names = any(line.ci_id == ci_id and line.path in (path, Path(path.section, "")) for line in change.lines)
    is_record = change.type is ChangeType.EMERGENCY  # which holds as long as it stands; work was approved when done
    known = end if is_record or change.cancelled_at is None else change.cancelled_at - 1
    return names and basis == BASES.get(change.type, OTHERWISE) and approved_at(change, known) is not None


async def intervals_that_meet(store: Store) -> list[Any]:
    """Return where two rows of one lane, as they are believed, hold at the same time."""
    found = []
    async with store.read() as reader:
        for lane, own in ((schema.claim, ("source_id",)), (schema.fact, ()), (schema.auth, ())):
            names = ("ci_id", "path_id", *own)
            wanted = select(*(lane.c[name] for name in names), lane.c.vf, lane.c.vt).where(lane.c.tt == FOREVER)
            before: dict[Any, int] = {}
            for *place, vf, vt in await reader.execute(wanted.order_by(*(lane.c[name] for name in names), lane.c.vf)):
                if vf < before.get(tuple(place), 0):
                    found.append((lane.name, *place, vf))
                before[tuple(place)] = vt
    return found
