"""What one observation of a swept target speaks of: one device, or the machine a management controller manages.

A stack (an IRF fabric, a virtual chassis, a cluster of firewalls behind one address) is one device with the set of its
members' serials, whoever leads it, and each member is a CI inside it: a box with a label of its own. Of a pair whose
units answer at an address each, each is a device: its serial says which, whatever passes from one to the other. An
address that several hold together (VRRP, HSRP) names none of them.

Identity reads the last known body of each section, so that a device does not change because a sweep reached only
part of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from collector import identifiers
from collector.identifiers import Policy
from collector.model import CONTAINS, Identifier, Observation, Reading, Subject
from wire.observation import Status, Target
from wire.sections import canonical, digest

SECTIONS = frozenset({"device", "interfaces", "os", "hardware", "members", "redundancy", "neighbours"})
"""What is read here: the last known reading of each of these belongs in `previous`."""

_PASSED_ON = frozenset({"engine_id", "vendor_oid", "chassis_id"})
"""Strong and medium names a pair may share: the configuration goes from one to the other, MACs go with the role."""
_OF_ONE_UNIT = ("serial", "model", "part", "engine_id", "base_mac")
"""Fields of `device` that a stack has from the member that leads it."""
_OF_ONE_FIREWALL = (*_OF_ONE_UNIT, "name")
"""The same of a cluster of firewalls, whose units have names of their own."""

_WORKED_ON = frozenset({"server", "pc", "environment"})
"""Classes in which the MAC of a port names the device; of network gear any port of a stack may come or go."""


def subjects(observation: Observation, policy: Policy, previous: Mapping[str, Reading]) -> tuple[Subject, ...]:
    """Return the subject of `observation`, which takes every reading of it, and the members when it is a stack.

    `previous` holds this source's last known reading per section; it stands in for what this observation left out.
    """
    assert observation.target is not None
    held = {**previous, **_told(observation.readings)}
    device, ports = _body(held.get("device")) or {}, _body(held.get("interfaces")) or []
    system, chassis = _body(held.get("os")) or {}, _body(held.get("hardware")) or {}
    groups = _body(held.get("redundancy")) or []
    is_pair, floating = _is_pair(groups), {address for row in groups for address in row.get("addresses") or ()}
    stack = _stack(_body(held.get("members")) or [], is_pair)
    paired = is_pair and not stack and bool(device.get("serial"))
    names = _names_of_stack(device, stack) if stack else _names(device, ports, observation.target, _class_of(device))
    named = (
        identifiers.normalise(kind, value, policy)
        for kind, value in (*names, *_names_of_host(system, chassis))
        if value and not (paired and kind in _PASSED_ON) and not (kind == "address" and value in floating)
    )
    readings = observation.readings
    if stack:
        before = _body(previous.get("device")) or {}
        device = _as_one(device, before, stack, _OF_ONE_FIREWALL if is_pair else _OF_ONE_UNIT)
        readings = _with_device(readings, device)
    ci_type, name = str(device.get("type") or "unknown"), str(device.get("name") or observation.target.address)
    found: frozenset[Identifier] = frozenset(each for each in named if each is not None)
    if not observation.target.part:
        found |= identifiers.ports(_body(held.get("neighbours")) or (), policy)
    name = identifiers.shown_name(name)
    host = Subject("host", _class_of(device), ci_type, name, found, readings, paired=paired)
    return (host, *_members(host, str(device.get("vendor") or ""), stack, observation.readings.get("members"), policy))


def _class_of(device: Mapping[str, Any]) -> str:
    return str(device.get("class") or "unknown")


def _told(readings: Mapping[str, Reading]) -> dict[str, Reading]:
    return {name: each for name, each in readings.items() if each.status is Status.EMPTY or each.body is not None}


def _body(reading: Reading | None) -> Any:
    return None if reading is None or reading.status is Status.EMPTY else reading.body


def _names(
    device: Mapping[str, Any], ports: list[dict[str, Any]], target: Target, ci_class: str
) -> Iterator[tuple[str, str]]:
    """Yield kind and raw value of all that may name the device.

    A management controller says what its machine is called: under that the agent knows it, too.
    """
    vendor = str(device.get("vendor") or "")
    for serial, uuid in (("serial", "uuid"), ("host_serial", "host_uuid")):
        yield "serial", identifiers.serial_value(vendor, str(device.get(serial) or ""))
        yield "uuid", str(device.get(uuid) or "")
    yield "engine_id", str(device.get("engine_id") or "")
    yield "vendor_oid", str(device.get("object_id") or "")
    yield "chassis_id", str(device.get("base_mac") or "")
    yield "model", str(device.get("model") or "")
    yield "hostname", str(device.get("name") or device.get("host_name") or "")
    # The same address in two zones is two devices; and what stands behind a UPS server is not that server.
    if not target.zone and not target.part:
        yield "address", target.address
    if ci_class in _WORKED_ON:
        yield from (("mac", str(port.get("mac") or "")) for port in ports if port.get("kind") == "ethernet")


# --- stacks and pairs


def _is_pair(rows: list[dict[str, Any]]) -> bool:
    """Return whether it is one of those that stand in for each other as a whole, not for a gateway's address alone."""
    return any(row.get("protocol") == "ha" and row.get("mode") not in (None, "standalone") for row in rows)


def _stack(rows: list[dict[str, Any]], is_pair: bool) -> list[dict[str, Any]]:
    """Return the members that have a serial of their own, when there are several; of a cluster also the last one."""
    named = [row for row in rows if row.get("serial")]
    return named if len({row["serial"] for row in named}) > 1 or is_pair else []


def _as_one(
    told: Mapping[str, Any], before: Mapping[str, Any], stack: list[dict[str, Any]], fields: tuple[str, ...]
) -> Mapping[str, Any]:
    """Return what is told of a stack; what is of the member that answered stays what it was, whoever answers.

    As long as the member it was told of is in the stack, or is missing from what is left of it: which members there
    are is told by themselves.
    """
    serials = {row["serial"] for row in stack}
    if "serial" not in before or (before["serial"] not in serials and len(serials) > 1):
        return told
    rest = {name: value for name, value in told.items() if name not in fields}
    return rest | {name: before[name] for name in fields if name in before}


def _with_device(readings: Mapping[str, Reading], device: Mapping[str, Any]) -> Mapping[str, Reading]:
    """Return the readings with that body of `device`, where it was told; the hash stays that of what was told."""
    told = readings.get("device")
    if told is None or not isinstance(told.body, dict):
        return readings
    return {**readings, "device": replace(told, body=dict(device))}


def _names_of_stack(device: Mapping[str, Any], stack: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield what may name a stack. Its engine, base MAC and addresses are those of its master of the day."""
    vendor = str(device.get("vendor") or "")
    yield from (("serial", identifiers.serial_value(vendor, str(row["serial"]))) for row in stack)
    yield "serial", identifiers.serial_value(vendor, str(device.get("serial") or ""))
    yield "hostname", str(device.get("name") or "")


def _members(
    host: Subject, vendor: str, stack: list[dict[str, Any]], told: Reading | None, policy: Policy
) -> Iterator[Subject]:
    if told is None:
        return
    for row in stack:
        named = identifiers.normalise("member", identifiers.serial_value(vendor, str(row["serial"])), policy)
        if named is None:
            continue
        body = {"vendor": vendor, **{name: row[name] for name in ("model", "serial") if row.get(name)}}
        name = identifiers.shown_name(f"{host.name} · {row.get('number', '')}")
        reading = replace(told, name="hardware", hash=b"", body=None)
        if told.status.speaks:
            reading = replace(reading, hash=digest(canonical(body)), body=body)
        yield Subject(f"member:{named.value}", host.ci_class, "network_module", name, frozenset({named}),
                      {"hardware": reading}, "host", CONTAINS)  # fmt: skip


def _names_of_host(system: Mapping[str, Any], chassis: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield kind and raw value of what a host says over SSH in the sections its agent would send, by the same names."""
    vendor = str(chassis.get("vendor") or "")
    yield "serial", identifiers.serial_value(vendor, str(chassis.get("serial") or ""))
    yield "uuid", str(chassis.get("uuid") or "")
    yield "machine_id", str(system.get("machine_id") or "")
    yield "hostname", identifiers.qualified(str(system.get("hostname") or ""), str(system.get("domain") or ""))
