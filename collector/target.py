"""What one observation of a swept target speaks of: one device, or the machine a management controller manages.

A stack (an IRF fabric, a virtual chassis) is one device with the set of its members' serials, whoever is its master,
and each member is a CI inside it: a box with a label of its own.

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

SECTIONS = frozenset({"device", "interfaces", "os", "hardware", "members"})
"""What is read here: the last known reading of each of these belongs in `previous`."""

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
    stack = _stack(_body(held.get("members")) or [])
    ci_class, ci_type = str(device.get("class") or "unknown"), str(device.get("type") or "unknown")
    names = _names(device, ports, observation.target, ci_class) if not stack else _names_of_stack(device, stack)
    named = (
        identifiers.normalise(kind, value, policy)
        for kind, value in (*names, *_names_of_host(system, chassis))
        if value
    )
    name = str(device.get("name") or observation.target.address)
    found: frozenset[Identifier] = frozenset(each for each in named if each is not None)
    host = Subject("host", ci_class, ci_type, identifiers.shown_name(name), found, observation.readings)
    return (host, *_members(host, str(device.get("vendor") or ""), stack, observation.readings.get("members"), policy))


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


# --- stacks


def _stack(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the members that have a serial of their own, when there are several."""
    named = [row for row in rows if row.get("serial")]
    return named if len({row["serial"] for row in named}) > 1 else []


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
