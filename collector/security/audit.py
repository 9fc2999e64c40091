"""Privileged acts: what somebody does and the row of the audit log that tells it, in one transaction.

Services are given an `Act` and tell it what they did. An act that tells nothing is undone, and so is one whose row
cannot be written: there is no privileged act without its row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.clock import Clock
from collector.security import chain
from collector.security.chain import Entry
from collector.store import audit
from collector.store.audit import HEAD, Mark
from collector.store.engine import Store

MAX_WORD: Final = 300
MAX_DETAILS: Final = 32_768
"""Characters. What is longer is kept as its SHA-256: the row stays small and still says whether it was this."""

_ABSENT: Final = object()

Values = Mapping[str, Any]
"""JSON values by name; none of them secret."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from where: `page 192.0.2.7`, `token 192.0.2.7`, `agent 192.0.2.7`, `collector`."""

    name: str
    origin: str


COLLECTOR: Final = Actor("collector", "collector")
"""What the program does of its own accord: by the clock, or because a device refuses a password."""


@dataclass(slots=True)
class Act:
    """One act under way: its transaction, who does it, when (epoch ms), and what there is to tell of it."""

    tx: AsyncConnection
    who: Actor
    at: int
    told: list[Entry] = field(default_factory=list)

    @property
    def by(self) -> str:
        return self.who.name

    def tell(self, action: str, on: str, before: Values | None = None, after: Values | None = None) -> None:
        """Tell what was done, on which object (`kind/name`). Of what was and is, only what differs is kept."""
        name, origin, thing = _word(self.who.name), _word(self.who.origin), _word(on)
        self.told.append(Entry(self.at, name, origin, action, thing, _details(before or {}, after or {})))


class _Untold(Exception):
    """Nothing was told, so nothing is done."""


@asynccontextmanager
async def acting(store: Store, who: Actor, clock: Clock) -> AsyncIterator[Act]:
    """One transaction in which `who` acts; when nothing was told, or it cannot be written down, it is undone.

    Raises what `store.write()` raises.
    """
    try:
        async with store.write() as tx, recorded(tx, who, clock()) as act:
            yield act
            if not act.told:
                raise _Untold
    except _Untold:
        return


@asynccontextmanager
async def recorded(tx: AsyncConnection, who: Actor, at: int) -> AsyncIterator[Act]:
    """An act inside a transaction that is somebody else's, such as a listener's; it may turn out to be none.

    The chain is held from the end of the block to the end of the transaction, so that others wait as little as can be.
    """
    act = Act(tx, who, at)
    yield act
    if act.told:
        await _append(tx, act.told)


async def _append(tx: AsyncConnection, entries: list[Entry]) -> None:
    rows = chain.linked(entries, await audit.mark(tx, HEAD, hold=True))
    await audit.add(tx, rows)
    await audit.set_mark(tx, HEAD, Mark(rows[-1].seq, rows[-1].hash, rows[-1].at))


def _details(before: Values, after: Values) -> str:
    """Return what differs as JSON: `before` and `after`, each without what stayed."""
    moved = {name for name in {**before, **after} if before.get(name, _ABSENT) != after.get(name, _ABSENT)}
    sides = (("before", before), ("after", after))
    kept = {side: {name: values[name] for name in values if name in moved} for side, values in sides}
    text = _text(kept)
    if len(text) <= MAX_DETAILS:
        return text
    return _text({"too_long": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()})


def _text(value: object) -> str:
    """Return JSON that any database holds: control characters and half characters are escaped or replaced."""
    said = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return said.encode("utf-8", "replace").decode()


def _word(text: str) -> str:
    """Return a name as one printable line."""
    return "".join(each if each.isprintable() else "\ufffd" for each in text[:MAX_WORD])
