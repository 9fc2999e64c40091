"""The estate's cables, kept in memory until a section they are made of moves: what map and port finder read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services import macs
from collector.services.macs import Line
from collector.store.browse import wiring
from collector.store.browse.wiring import Head, Place
from wire import whereabouts
from wire.sections import Body
from wire.topology import Bodies, Estate, Topology, topology

LINKS: Final = ("device", "interfaces", "neighbours", "lldp", "lags", "members", "fc_switch", "os")
TABLES: Final = ("fdb", "arp")
MadeOf = list[tuple[Place, bytes]]
"""Which bodies, in their order of preference."""


@dataclass(frozen=True)
class Cables:
    """All links of one state of the estate, and what follows of them. Devices are CIs by their id as text."""

    devices: Mapping[str, Bodies]
    topology: Topology

    @cached_property
    def estate(self) -> Estate:
        return Estate(self.devices)

    @cached_property
    def infrastructure(self) -> Mapping[str, str]:
        return whereabouts.infrastructure(self.devices)

    @cached_property
    def uplinks(self) -> Mapping[str, set[str]]:
        return whereabouts.uplinks(self.devices, self.topology, self.infrastructure)

    @cached_property
    def places(self) -> Mapping[str, whereabouts.Place]:
        return whereabouts.places(self.devices, self.topology)

    @cached_property
    def addresses(self) -> Mapping[str, set[str]]:
        return whereabouts.addresses(self.devices)

    @cached_property
    def carried(self) -> Mapping[str, set[str]]:
        return macs.carried(self.devices)

    @cached_property
    def lines(self) -> Mapping[str, list[Line]]:
        return macs.lines(self.devices)

    def warm(self) -> None:
        """Work out all that follows; done in a thread, so that no other page waits for it."""
        _ = self.estate, self.uplinks, self.places, self.addresses, self.carried, self.lines


@dataclass(frozen=True, slots=True)
class Wired:
    """The cables, and how fresh what they are made of is.

    `at`: (CI, section) → when it was last confirmed (ms). `zones`: CI → the zone a sweep found it in.
    """

    cables: Cables
    at: Mapping[tuple[str, str], int]
    zones: Mapping[str, str]


class Wiring:
    """Keeps what was made of which bodies. A body that did not move is not read again; one caller at a time works."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._bodies: dict[Place, tuple[bytes, Body]] = {}
        self._links: tuple[MadeOf, Cables] | None = None
        self._whole: tuple[MadeOf, Cables] | None = None

    async def links(self, connection: AsyncConnection) -> Wired:
        """Return the links as they are told now, without the tables of MACs and addresses."""
        heads = await wiring.heads(connection, LINKS)
        async with self._lock:
            return _wired(await self._linked(connection, heads), heads)

    async def whole(self, connection: AsyncConnection) -> Wired:
        """Return the links with the tables of MACs and addresses, as they are told now."""
        heads = await wiring.heads(connection, (*LINKS, *TABLES))
        async with self._lock:
            made_of = _made_of(heads)
            if self._whole is None or self._whole[0] != made_of:
                links = await self._linked(connection, [each for each in heads if each.place[2] in LINKS])
                await self._fetch(connection, heads, TABLES)
                cables = Cables(_devices(heads, self._bodies), links.topology)
                await asyncio.to_thread(cables.warm)
                self._whole = made_of, cables
            return _wired(self._whole[1], heads)

    async def _linked(self, connection: AsyncConnection, heads: list[Head]) -> Cables:
        made_of = _made_of(heads)
        if self._links is None or self._links[0] != made_of:
            await self._fetch(connection, heads, LINKS)
            devices = _devices(heads, self._bodies)
            self._links = made_of, Cables(devices, await asyncio.to_thread(topology, devices))
        return self._links[1]

    async def _fetch(self, connection: AsyncConnection, heads: Iterable[Head], names: Collection[str]) -> None:
        """Read those bodies of `names` that moved, and forget those that are gone."""
        wanted = {each.place: each.hash for each in heads if each.place[2] in names}
        for gone in [place for place in self._bodies if place[2] in names and place not in wanted]:
            del self._bodies[gone]
        moved = [place for place, digest in wanted.items() if self._bodies.get(place, (b"",))[0] != digest]
        cis, sections = sorted({place[0] for place in moved}), sorted({place[2] for place in moved})
        self._bodies.update(await asyncio.to_thread(_read, await wiring.bodies(connection, cis, sections)))


def _read(told: Mapping[Place, tuple[bytes, bytes]]) -> dict[Place, tuple[bytes, Body]]:
    return {place: (digest, json.loads(body)) for place, (digest, body) in told.items()}


def _made_of(heads: Iterable[Head]) -> MadeOf:
    return [(each.place, each.hash) for each in heads]


def _wired(cables: Cables, heads: Iterable[Head]) -> Wired:
    """Of several sources of a section the preferred one, which comes first, says when."""
    at: dict[tuple[str, str], int] = {}
    zones: dict[str, str] = {}
    for each in heads:
        at.setdefault((str(each.place[0]), each.place[2]), each.at)
        if each.zone:
            zones.setdefault(str(each.place[0]), each.zone)
    return Wired(cables, at, zones)


def _devices(heads: Iterable[Head], bodies: Mapping[Place, tuple[bytes, Body]]) -> dict[str, Bodies]:
    """Return CI → section → body: what its preferred source says; ports also of the others, where they are new.

    A host says of itself what its system is called, and no `device`: its neighbours know it by that name.
    """
    found: dict[str, dict[str, Body]] = {}
    for each in heads:
        if each.place in bodies:
            _add(found.setdefault(str(each.place[0]), {}), each.place[2], bodies[each.place][1])
    for device in found.values():
        about, system = device.get("device"), device.pop("os", None)
        if isinstance(system, dict) and system.get("hostname"):
            device["device"] = {**(about if isinstance(about, dict) else {}), "name": system["hostname"]}
    return dict(found)


def _add(device: dict[str, Body], name: str, body: Body) -> None:
    if name == "lldp":
        device.setdefault("neighbours", [{"protocol": "lldp", **row} for row in _rows(body)])
    elif name == "interfaces" and name in device:
        device[name] = _merged(_rows(device[name]), _rows(body))
    else:
        device.setdefault(name, body)


def _merged(rows: list[dict[str, Any]], more: list[dict[str, Any]]) -> Body:
    """A management controller names the ports of its machine in its own way: one whose MAC is known is told twice."""
    held = {row.get(name) for row in rows for name in ("name", "mac")} - {None, ""}
    return rows + [row for row in more if row.get("name") not in held and row.get("mac") not in held]


def _rows(body: Body) -> list[dict[str, Any]]:
    return body if isinstance(body, list) else [body]
