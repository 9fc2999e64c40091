"""The calendar of freezes: times in which nothing but emergencies is done."""

from __future__ import annotations

import uuid

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.freeze import Freeze
from collector.change.record import Window
from collector.security.audit import Act
from collector.security.roles import CLASSES
from collector.services.changes.asked import LATEST, MAX_TITLE, one_line
from collector.services.refused import Refused
from collector.store import freezes
from collector.store.freezes import FreezeRow


async def set_(act: Act, name: str, window: Window, classes: frozenset[str] = frozenset()) -> str:
    """Write a freeze of some classes, or of all, and return its uid; raise `Refused`."""
    if not 0 < window.start < window.end <= LATEST:
        raise Refused("a freeze begins before it ends", "window")
    if not classes <= {*CLASSES}:
        raise Refused("classes of the regulation are expected", "classes")
    row = FreezeRow(
        str(uuid.uuid4()), Freeze(one_line(name, MAX_TITLE, "name"), window, classes), act.by, act.at
    )  # fmt: skip
    await freezes.add(act.tx, row)
    act.tell("freeze.set", f"freeze/{row.uid}", after=_told(row))
    return row.uid


async def since(connection: AsyncConnection, at: int) -> list[FreezeRow]:
    """Return the freezes that end at `at` (ms) or later, the earliest first."""
    return await freezes.since(connection, at)


async def lift(act: Act, uid: str) -> bool:
    """Take a freeze away; return whether there was one."""
    found = await freezes.remove(act.tx, uid)
    if found:
        act.tell("freeze.lift", f"freeze/{uid}")
    return found


def _told(row: FreezeRow) -> dict[str, object]:
    window = row.freeze.window
    return {
        "name": row.freeze.name, "start": window.start, "end": window.end, "classes": sorted(row.freeze.ci_classes),
    }  # fmt: skip
