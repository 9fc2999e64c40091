"""What discovery knows of where things are: when each was last seen, and the port it is plugged in at."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services.wiring import Cables, Wiring
from collector.store.browse import wiring as kept
from collector.store.browse.ref import CiRef
from collector.store.browse.seen import last_seen
from wire.topology import End

AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Sighting:
    """`last_seen`: ms, 0 for never; `plugged`: name and interface of the neighbour, empty where nothing tells."""

    last_seen: int = 0
    plugged: str = ""


async def sightings(connection: AsyncConnection, wiring: Wiring, ci_ids: Collection[int]) -> Mapping[int, Sighting]:
    """Return CI → what is known of it, for each of `ci_ids`."""
    seen: dict[int, int] = {}
    ids = list(ci_ids)
    for start in range(0, len(ids), AT_ONCE):
        seen |= await last_seen(connection, ids[start : start + AT_ONCE])
    cables = (await wiring.whole(connection)).cables
    far = _far(cables)
    ends = {ci_id: end for ci_id in ids if (end := _end(cables, far, str(ci_id)))}
    names = await kept.named(connection, sorted({int(end.device) for end in ends.values()}))
    return {ci_id: Sighting(seen.get(ci_id, 0), _text(ends.get(ci_id), names)) for ci_id in ids}


def _end(cables: Cables, far: Mapping[str, End], device: str) -> End | None:
    """Return where a device is plugged in: where a table has one of its MACs, else at the other end of a link."""
    if device not in cables.devices:
        return None
    places = (cables.places.get(mac) for mac in _macs(cables, device))
    return next((place.end for place in places if place), None) or far.get(device)


def _macs(cables: Cables, device: str) -> Iterator[str]:
    for row in cables.estate.devices[device].rows("interfaces"):
        if mac := row.get("mac"):
            yield str(mac)


def _far(cables: Cables) -> dict[str, End]:
    """Return device → the other end of its first link that nothing contradicts."""
    found: dict[str, End] = {}
    for link in cables.topology.links:
        if link.state != "contradictory":
            found.setdefault(link.a.device, link.b)
            found.setdefault(link.b.device, link.a)
    return found


def _text(end: End | None, names: Mapping[int, CiRef]) -> str:
    if end is None or int(end.device) not in names:
        return ""
    return f"{names[int(end.device)].name} {end.interface}".strip()[:200]
