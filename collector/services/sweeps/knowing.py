"""What a sweep is told of its addresses beforehand, and what is kept of what it learned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import known_devices, pins
from collector.store.known_devices import KnownRow
from wire.observation import PROTOCOLS
from wire.ranges import Ranges
from wire.sweep import MAX_KNOWN, Known, TargetRow

MOST_BYTES: Final = 2 * 1024 * 1024
"""Of what is known, in one task; those heard of last go first, the others are swept as if for the first time."""
HASH_BYTES, OTHER_BYTES = 100, 300
"""About what a hash takes in a task, and an address without its hashes and stamps."""


async def known(connection: AsyncConnection, zone: str, targets: Ranges) -> tuple[Known, ...]:
    """Return what is known of `targets`: what is pinned, how they are let in, what the collector holds of them."""
    rows = [row for row in await known_devices.latest(connection, zone) if row.address in targets][:MAX_KNOWN]
    trusted = [row for row in await pins.trusted(connection, zone) if row.address in targets]
    pinned: dict[str, dict[str, str]] = {}
    for row in trusted:
        pinned.setdefault(row.address, {})[row.kind] = row.value
    of = {row.address: row for row in rows}
    addresses = list(dict.fromkeys([*of, *pinned]))[:MAX_KNOWN]
    codes = {f"{protocol}/{zone}/{address}": (protocol, address) for address in addresses for protocol in PROTOCOLS}
    held: dict[str, dict[str, str]] = {}
    for code, sections in (await known_devices.hashes(connection, codes)).items():
        protocol, address = codes[code]
        its = held.setdefault(address, {})
        its |= {f"{protocol}/{name}": hashed.hex() for name, hashed in sections.items()}
    found = (_known(each, of.get(each), pinned.get(each, {}), held.get(each, {})) for each in addresses)
    return tuple(_as_many_as_fit(found))


def _known(address: str, row: KnownRow | None, pinned: dict[str, str], hashes: dict[str, str]) -> Known:
    known = Known(address)
    if row:
        known = Known(address, row.credential, row.vendor, stamps_json=row.stamps, dialect=row.dialect)
    engine, host, tls = (pinned.get(kind, "") for kind in ("engine_id", "host_key", "certificate"))
    return replace(known, engine_id=engine, host_key=host, certificate=tls, hashes=hashes)


def _as_many_as_fit(some: Iterable[Known]) -> Iterator[Known]:
    room = MOST_BYTES
    for each in some:
        room -= OTHER_BYTES + len(each.stamps_json) + HASH_BYTES * len(each.hashes)
        if room < 0:
            return
        yield each


async def learn(tx: AsyncConnection, zone: str, rows: Sequence[TargetRow], now: int) -> None:
    """Keep what was learned of devices that took a credential. Who refused them all is known as it was before."""
    told = [row for row in rows if row.learned and row.credential]
    await known_devices.put(tx, zone, [_row(row, row.learned, now) for row in told if row.learned])


def _row(row: TargetRow, learned: Known, now: int) -> KnownRow:
    credential, vendor = _plain(learned.credential), _plain(learned.vendor)
    return KnownRow(row.address, credential, vendor, _plain(learned.dialect), _plain(learned.stamps_json), now)


def _plain(text: str) -> str:
    """Return a text of a probe as any database holds it."""
    return "".join(each for each in text if each.isprintable())
