"""Links between devices, out of what each says it hears: functions of section bodies, for both sides of the wire.

Both ends agree: confirmed. One end says so and the other is silent: probable. The other end says something else:
contradictory. A port that hears several devices is a shared segment: a hub, or a switch nobody knows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

from wire.sections import Body

Bodies = Mapping[str, Body]
"""Section → body of one device, those that speak."""

State = Literal["confirmed", "probable", "contradictory"]
_BEHIND: Final = "nut:"
"""How the definition of a device begins that stands behind a UPS server: the address is the server's."""
_VIRTUAL_MAC: Final = re.compile(r"00:00:5e:00:0[12]:|00:00:0c:07:ac:|00:05:73:a0:0|00:00:0c:9f:f")
"""MACs that move between devices: VRRP (RFC 5798), HSRP."""


@dataclass(frozen=True, slots=True, order=True)
class End:
    """One end of a link: a device by its id, and the interface by name, empty where it is not known."""

    device: str
    interface: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one end says: at `end` it hears a device, which is `far` when it is known and told its port.

    `far` has an empty interface when the port it names is none of the known device's; it is None for a stranger.
    """

    end: End
    protocol: str
    far: End | None
    row: Mapping[str, Any] = field(hash=False, compare=False)


@dataclass(frozen=True, slots=True)
class Link:
    """Two ends, the lesser one first. `evidence`: what was said, by either. `shared`: one end hears several devices.

    `bundle`: the aggregates the ends are members of, when both are.
    """

    a: End
    b: End
    state: State
    evidence: tuple[Candidate, ...]
    shared: bool = False
    bundle: tuple[End, End] | None = None


@dataclass(frozen=True, slots=True)
class Topology:
    """`links`, and `strangers`: what is heard and is no known device."""

    links: tuple[Link, ...]
    strangers: tuple[Candidate, ...]


class Device:
    """One device's bodies, and the ways to one of its interfaces."""

    def __init__(self, name: str, bodies: Bodies) -> None:
        self.id, self.bodies = name, bodies

    def rows(self, section: str) -> list[dict[str, Any]]:
        body = self.bodies.get(section) or []
        return body if isinstance(body, list) else [body]

    @cached_property
    def about(self) -> Mapping[str, Any]:
        return next(iter(self.rows("device")), {})

    @cached_property
    def masters(self) -> Mapping[str, str]:
        """Member → the aggregate it belongs to."""
        found = {row["name"]: row["master"] for row in self.rows("interfaces") if row.get("master")}
        return found | {member: row["name"] for row in self.rows("lags") for member in row.get("members", [])}

    def port(self, interface: str) -> str:
        """Return the aggregate of an interface, or itself: what a forwarding table speaks of."""
        return self.masters.get(interface, interface)

    @cached_property
    def _ways(self) -> Mapping[str, str]:
        """Text → interface, in lower case; a name before a description before an alias, and none that two share."""
        found: dict[str, str] = {}
        for field_name in ("name", "description", "index", "alias", "mac"):
            told: dict[str, list[str]] = defaultdict(list)
            for row in self.rows("interfaces"):
                if row.get(field_name) not in (None, ""):
                    told[str(row[field_name]).casefold()].append(row["name"])
            found.update({text: names[0] for text, names in told.items() if len(names) == 1 and text not in found})
        return found

    def interface(self, row: Mapping[str, Any]) -> str:
        """Return the interface a neighbour's row names, empty when it names none of this device's."""
        for text in (row.get("port_id"), row.get("port_description")):
            found = self._ways.get(str(text).casefold()) if text else None
            if found:
                return found
        return ""

    def names(self) -> Iterator[str]:
        """Yield what a neighbour may call this device: MACs, serials, names, addresses; in lower case."""
        about = self.about
        yield from (str(about[name]).casefold() for name in ("base_mac", "serial") if about.get(name))
        if about.get("address") and not str(about.get("definition") or "").startswith(_BEHIND):
            yield str(about["address"]).casefold()
        name = str(about.get("name") or "").casefold()
        yield from dict.fromkeys(part for part in (name, name.partition(".")[0]) if part)
        for row in self.rows("interfaces"):
            if row.get("mac") and not _VIRTUAL_MAC.match(row["mac"]):
                yield row["mac"]
            yield from (each.partition("/")[0] for each in row.get("addresses", []))
        yield from (str(row["serial"]).casefold() for row in self.rows("members") if row.get("serial"))
        yield from (row["mac"] for row in self.rows("members") if row.get("mac"))
        yield from (f"domain {row['domain_id']}" for row in self.rows("fc_switch") if "domain_id" in row)


class Estate:
    """Devices by id, and by what a neighbour may call them; a name that two devices bear leads to neither."""

    def __init__(self, devices: Mapping[str, Bodies]) -> None:
        self.devices = {name: Device(name, bodies) for name, bodies in devices.items()}
        bearers: dict[str, set[str]] = defaultdict(set)
        for device in self.devices.values():
            for name in device.names():
                bearers[name].add(device.id)
        self._by_name = {name: next(iter(ids)) for name, ids in bearers.items() if len(ids) == 1}

    def find(self, name: str | None) -> Device | None:
        """Return the device that bears a MAC, serial number, name or address, as a neighbour tells it."""
        if not name:
            return None
        said = name.casefold()
        found = self._by_name.get(said) or self._by_name.get(said.partition(".")[0] if not _is_address(said) else said)
        return self.devices[found] if found else None

    def heard(self, row: Mapping[str, Any]) -> Device | None:
        """Return the device a neighbour's row is about: by chassis id, before its name, before an address of it."""
        for name in ("chassis_id", "serial", "system_name", "management_address"):
            found = self.find(row.get(name))
            if found:
                return found
        return None


def _is_address(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9.]+|[0-9a-f:]+", text))


def candidates(estate: Estate, device: Device) -> list[Candidate]:
    """Return what one device says of its neighbours. One that hears itself is a loop or a name told twice: left out."""
    found = []
    for row in device.rows("neighbours"):
        far = estate.heard(row)
        if far is not device:
            end = End(device.id, row["interface"])
            found.append(Candidate(end, row["protocol"], End(far.id, far.interface(row)) if far else None, row))
    return found


def topology(devices: Mapping[str, Bodies]) -> Topology:
    """Return the links between `devices`, and the strangers they hear."""
    estate = Estate(devices)
    said = [each for device in estate.devices.values() for each in candidates(estate, device)]
    known = [each for each in said if each.far]
    matching = _Matching(estate, known)
    return Topology(tuple(matching.links()), tuple(each for each in said if not each.far))


class _Matching:
    """What is said between each two devices, joined where both ends speak of one link."""

    def __init__(self, estate: Estate, said: list[Candidate]) -> None:
        self.estate = estate
        self._between: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
        self._hears: dict[End, set[str]] = defaultdict(set)
        for each in said:
            if each.far:
                self._between[each.end.device, each.far.device].append(each)
                self._hears[each.end].add(each.far.device)

    def links(self) -> list[Link]:
        found: dict[tuple[End, End], Link] = {}
        for (here, there), some in sorted(self._between.items()):
            back = self._between.get((there, here), [])
            if here < there or not back:
                for each in some:
                    self._join(each, back, found)
                for each in back:
                    self._join(each, some, found)
        return [found[ends] for ends in sorted(found)]

    def _join(self, one: Candidate, back: list[Candidate], found: dict[tuple[End, End], Link]) -> None:
        assert one.far is not None
        answer = self._answer(one, back)
        state: State = "confirmed" if answer else "contradictory" if self._denied(one, back) else "probable"
        near, far = one.end, one.far
        if answer and answer.far:
            near, far = self._finer(one.end, answer.far), self._finer(answer.end, one.far)
        a, b = sorted((near, far))
        before = found.get((a, b))
        evidence = {(each.end, each.protocol, each.far): each for each in (*(before.evidence if before else ()), one)}
        if answer:
            evidence.setdefault((answer.end, answer.protocol, answer.far), answer)
        if before:
            state = _better(before.state, state)
        ordered = sorted(evidence.values(), key=lambda each: (each.end, each.protocol, each.far or each.end))
        found[a, b] = Link(a, b, state, tuple(ordered), self._is_shared(a) or self._is_shared(b), self._bundle(a, b))

    def _answer(self, one: Candidate, back: list[Candidate]) -> Candidate | None:
        """Return what the other end says of the same link: it names this port, from the port that is named here.

        Where one of them names no port of the other, it is enough that the other does and that nothing else fits.
        """
        assert one.far is not None
        fits = [each for each in back if each.far and self._same(each.far, one.end) and self._same(each.end, one.far)]
        best = max(((each.far == one.end) + (each.end == one.far) for each in fits), default=0)
        if best < 2 and len({self._port(each.end) for each in fits}) > 1:
            return None
        return next((each for each in fits if (each.far == one.end) + (each.end == one.far) == best), None)

    def _same(self, told: End, is_: End) -> bool:
        """Return whether an end as told is that end: the interface, its aggregate, or no port that is known."""
        return not told.interface or not is_.interface or self._port(told) == self._port(is_)

    def _denied(self, one: Candidate, back: list[Candidate]) -> bool:
        """Return whether the other end says something else, of the port named here or of the one that named it."""
        assert one.far is not None
        heard = self._hears.get(one.far, set()) | self._hears.get(self._port(one.far), set())
        if heard and one.end.device not in heard:
            return True
        named = [each for each in back if each.far and each.far.interface]
        return any(
            each.far and (self._port(each.far) == self._port(one.end) or self._port(each.end) == self._port(one.far))
            for each in named
        )

    def _is_shared(self, end: End) -> bool:
        """Return whether several devices are heard there; an aggregate may well end at two of them."""
        return (
            len(self._hears.get(end, ())) > 1 and end.interface not in self.estate.devices[end.device].masters.values()
        )

    def _port(self, end: End) -> End:
        return End(end.device, self.estate.devices[end.device].port(end.interface))

    def _finer(self, one: End, other: End) -> End:
        """Return the member where one names the aggregate and the other its member, else the first."""
        return other if other != one and other.interface and self._port(other) == one else one

    def _bundle(self, a: End, b: End) -> tuple[End, End] | None:
        pair = self._port(a), self._port(b)
        return pair if pair[0] != a and pair[1] != b else None


def _better(one: State, other: State) -> State:
    order: Iterable[State] = ("confirmed", "contradictory", "probable")
    return next(state for state in order if state in (one, other))
