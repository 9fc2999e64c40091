"""What every device tells: system group, interfaces, addresses, and ENTITY-MIB of what has one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from discovery.lab.encoding import (
    COUNTER,
    COUNTER64,
    GAUGE,
    TICKS,
    Facts,
    address,
    identifier,
    number,
    rows,
    text,
)
from discovery.lab.estate.plan import Node

SYSTEM: Final = "1.3.6.1.2.1.1."
ENGINE: Final = "1.3.6.1.6.3.10.2.1."
IF: Final = "1.3.6.1.2.1.2.2.1"
IFX: Final = "1.3.6.1.2.1.31.1.1.1"
ENTITY: Final = "1.3.6.1.2.1.47.1.1.1.1"
ADDRESSES: Final = "1.3.6.1.2.1.4.20.1"
ETHERNET, VLAN_INTERFACE, AGGREGATE = 6, 136, 161
_PLACES: Final = ("Beijing, Building A", "Chengdu, Building 2")
_ROOMS: Final = {"acc": "floor {}, wiring closet", "prn": "floor {}, hall"}
DAY: Final = 8_640_000
"""Hundredths of a second."""


@dataclass(frozen=True, slots=True)
class Interface:
    """`descr` is ifDescr, `name` ifName; `speed` in Mbit/s; `aggregate`: the ifIndex of the one it is a member of."""

    index: int
    descr: str
    name: str
    mac: bytes
    speed: int = 1000
    up: bool = True
    kind: int = ETHERNET
    alias: str = ""
    aggregate: int = 0


def system(node: Node) -> Facts:
    """Return the system group, and the engine's instances: their values are the lab's to tell."""
    up_time = (20 + 37 * node.number % 300) * DAY
    place = f"{_PLACES[node.site]}, {_ROOMS.get(node.role, 'machine room, rack {}').format(1 + node.number % 9)}"
    return {
        f"{SYSTEM}1.0": text(node.description), f"{SYSTEM}2.0": identifier(node.product.object_id),
        f"{SYSTEM}3.0": number(up_time, TICKS), f"{SYSTEM}4.0": text("network operations, ext. 4100"),
        f"{SYSTEM}5.0": text(node.name), f"{SYSTEM}6.0": text(place),
        f"{SYSTEM}7.0": number(78 if node.role in ("core", "dist", "acc", "fw") else 72),
        f"{ENGINE}1.0": text(""), f"{ENGINE}2.0": number(1 + node.number % 7), f"{ENGINE}3.0": number(0),
        f"{ENGINE}4.0": number(1500),
    }  # fmt: skip


def interfaces(some: Iterable[Interface]) -> Facts:
    """Return ifTable and ifXTable."""
    by = {str(each.index): each for each in some}
    state = {at: number(1 if each.up else 2) for at, each in by.items()}
    traffic = {at: each.index * 7919 * 104_729 * each.up for at, each in by.items()}
    counted = {at: number(value % 2**32, COUNTER) for at, value in traffic.items()}
    long = {at: number(value, COUNTER64) for at, value in traffic.items()}
    nothing = {at: number(0, COUNTER) for at in by}
    return {
        "1.3.6.1.2.1.2.1.0": number(len(by)),
        **rows(IF, {
            1: {at: number(each.index) for at, each in by.items()},
            2: {at: text(each.descr) for at, each in by.items()},
            3: {at: number(each.kind) for at, each in by.items()},
            4: {at: number(1500) for at in by},
            5: {at: number(min(each.speed * 1_000_000, 2**32 - 1), GAUGE) for at, each in by.items()},
            6: {at: text(each.mac) for at, each in by.items()},
            7: {at: number(1) for at in by}, 8: state,
            9: {at: number(4200, TICKS) for at in by},
            10: counted, 13: nothing, 14: nothing, 16: counted, 19: nothing, 20: nothing,
        }),
        **rows(IFX, {
            1: {at: text(each.name) for at, each in by.items()}, 6: long, 10: long,
            15: {at: number(each.speed, GAUGE) for at, each in by.items()},
            17: {at: number(1 if each.kind == ETHERNET else 2) for at, each in by.items()},
            18: {at: text(each.alias) for at, each in by.items()},
        }),
        "1.3.6.1.2.1.31.1.5.0": number(4200, TICKS),
    }  # fmt: skip


def addresses(some: Iterable[tuple[str, int]]) -> Facts:
    """Return ipAddrTable: addresses of /16 networks, and the ifIndexes they are on."""
    on = dict(some)
    return rows(ADDRESSES, {
        1: {each: address(each) for each in on}, 2: {each: number(at) for each, at in on.items()},
        3: {each: address("255.255.0.0") for each in on}, 4: {each: number(1) for each in on},
    })  # fmt: skip


def neighbours(some: Iterable[tuple[int, str, bytes]]) -> Facts:
    """Return ipNetToMediaTable: ifIndex, address, MAC."""
    by = {f"{at}.{each}": (at, each, mac) for at, each, mac in some}
    return rows("1.3.6.1.2.1.4.22.1", {
        1: {index: number(at) for index, (at, _, _) in by.items()},
        2: {index: text(mac) for index, (_, _, mac) in by.items()},
        3: {index: address(each) for index, (_, each, _) in by.items()},
        4: {index: number(3) for index in by},
    })  # fmt: skip


def single(node: Node, descr: str = "eth0") -> Facts:
    """Return the one interface of a device at the edge, with its address."""
    return {**interfaces([Interface(1, descr, descr, node.mac)]), **addresses([(node.address, 1)])}


@dataclass(frozen=True, slots=True)
class Part:
    """A row of ENTITY-MIB: class as in RFC 6933 (3 chassis, 6 power supply, 7 fan, 9 module)."""

    kind: int
    name: str
    descr: str
    within: int = 0
    serial: str = ""
    model: str = ""
    version: str = ""


def entities(some: Iterable[Part], vendor: str) -> Facts:
    """Return entPhysicalTable, numbered from 1."""
    by = {str(at): each for at, each in enumerate(some, 1)}
    told = {
        2: {at: text(each.descr) for at, each in by.items()},
        4: {at: number(each.within) for at, each in by.items()},
        5: {at: number(each.kind) for at, each in by.items()},
        6: {at: number(int(at)) for at in by},
        7: {at: text(each.name) for at, each in by.items()},
        10: {at: text(each.version) for at, each in by.items()},
        11: {at: text(each.serial) for at, each in by.items()},
        12: {at: text(vendor if each.serial else "") for at, each in by.items()},
        13: {at: text(each.model) for at, each in by.items()},
        16: {at: number(1 if each.within else 2) for at, each in by.items()},
    }
    return {**rows(ENTITY, told), "1.3.6.1.2.1.47.1.4.1.0": number(4200, TICKS)}


def chassis(node: Node) -> Facts:
    """Return a chassis with two power supplies, a fan, and a sensor of temperature (ENTITY-SENSOR-MIB, RFC 3433)."""
    product, digits, inlet = node.product, node.serial[-6:], "5"
    warmth = rows("1.3.6.1.2.1.99.1.1.1", {
        1: {inlet: number(8)}, 2: {inlet: number(9)}, 3: {inlet: number(0)},
        4: {inlet: number(24 + node.number % 9)}, 5: {inlet: number(1)},
    })  # fmt: skip
    return warmth | entities([
        Part(3, "Chassis", f"{product.vendor} {product.model}", 0, node.serial, product.model, product.version or ""),
        Part(6, "Power supply 1", "AC power supply", 1, f"PA{digits}"),
        Part(6, "Power supply 2", "AC power supply", 1, f"PB{digits}"), Part(7, "Fan tray", "Fan tray", 1),
        Part(8, "Inlet temperature", "Temperature sensor", 1),
    ], product.vendor)  # fmt: skip
