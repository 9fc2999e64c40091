"""What depends on what, seen from where probes stand: made of links and relations, and kept until they move."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.reachability import Graph
from collector.relations import POWERED_BY
from collector.services.wiring import Wiring
from collector.store import reach
from wire.topology import Link

LOOK_MS: Final = 30_000
"""How often it is seen whether links or relations have moved."""
RUNS_ON: Final = "runs_on"
CONTRADICTORY: Final = "contradictory"


class EstateGraph:
    """`now()` returns the graph; made anew only where what it is made of has moved."""

    def __init__(self, wiring: Wiring | None = None) -> None:
        self._wiring = wiring or Wiring()
        self._graph = Graph()
        self._links: Sequence[Link] | None = None
        self._beside: object = None
        self._looked_at = -LOOK_MS

    async def now(self, reader: AsyncConnection, hosts: Collection[int], now: int) -> Graph:
        """Return the graph as of `now` (ms), or of moments before. `hosts`: the CIs that probes run on."""
        if abs(now - self._looked_at) < LOOK_MS:
            return self._graph
        links = (await self._wiring.links(reader)).cables.topology.links
        relations = sorted(await reach.dependencies(reader, (RUNS_ON, POWERED_BY)))
        beside = (relations, sorted(hosts))
        if links is not self._links or beside != self._beside:
            self._graph = graph(_wired(links), hosts, relations)
            self._links, self._beside = links, beside
        self._looked_at = now
        return self._graph


def _wired(links: Iterable[Link]) -> list[tuple[int, int]]:
    return [(int(each.a.device), int(each.b.device)) for each in links if each.state != CONTRADICTORY]


def graph(
    wires: Iterable[tuple[int, int]], hosts: Collection[int], relations: Iterable[tuple[int, str, int]] = ()
) -> Graph:
    """Return what depends on what: `wires` join two CIs, `relations` are (a, kind, b).

    In a part of the estate where no probe stands, the device with the most links is taken for the way in: a guess, and
    the usual one.
    """
    found: dict[int, dict[int, None]] = {}
    for a, b in wires:
        if a != b:
            found.setdefault(a, {})[b] = None
            found.setdefault(b, {})[a] = None
    links = {each: tuple(its) for each, its in found.items()}
    on: dict[str, dict[int, tuple[int, ...]]] = {RUNS_ON: {}, POWERED_BY: {}}
    for a, kind, b in relations:
        on[kind][a] = (*on[kind].get(a, ()), b)
    return Graph(links, _places(links, hosts), on[RUNS_ON], on[POWERED_BY])


def _places(links: Mapping[int, Sequence[int]], hosts: Collection[int]) -> tuple[int, ...]:
    """Return where to start from in each part of the estate."""
    places: list[int] = [each for each in sorted(hosts) if each in links]
    passed = set(_part(links, places))
    for start in sorted(links):
        if start not in passed:
            part = _part(links, [start])
            passed.update(part)
            places.append(max(part, key=lambda each: (len(links[each]), -each)))
    return tuple(places)


def _part(links: Mapping[int, Sequence[int]], starts: Sequence[int]) -> list[int]:
    found = dict.fromkeys(starts)
    waiting = list(found)
    for here in waiting:
        for there in links[here]:
            if there not in found:
                found[there] = None
                waiting.append(there)
    return waiting
