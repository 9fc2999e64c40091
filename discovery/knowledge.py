"""What earlier sweeps learned: which credential a device took, who it was, and what its tables said."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from discovery.explore import Explored, Tables
from discovery.explore.tables import NOTHING as NO_TABLES
from discovery.fingerprint import Fingerprint
from discovery.shelf import Shelf
from wire.ranges import subnet_of
from wire.sweep import MAX_STAMPS_BYTES


@dataclass(frozen=True, slots=True)
class Known:
    """A device as it was: the id of its `credential`, of those its other services took (`logins`), and what pins it.

    `host_key` (SSH) and `certificate` (TLS public key) are as in `discovery.fingerprint`; a sweep never sets these two,
    a person does. `dialect`: how the credential is taken (`snmp.Session.dialect`). `stamps`: what it was explored with
    last time, `tables`: the name of what it said then on the shelf. `hashes`: `protocol/section` → what the collector
    holds of it, hexadecimal.
    """

    credential: str = ""
    vendor: str = ""
    engine_id: bytes = b""
    host_key: str = ""
    certificate: str = ""
    dialect: str = ""
    stamps: Mapping[str, float] = field(default_factory=dict)
    tables: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict)
    logins: tuple[str, ...] = ()


NOTHING = Known()


@dataclass(slots=True)
class Knowledge:
    """`devices` by address; the last good credential by subnet, by vendor and by zone. A sweep adds what it learns.

    `shelf`: where tables are kept; None: nowhere, and everything is read every time.
    """

    devices: dict[str, Known] = field(default_factory=dict)
    subnets: dict[str, str] = field(default_factory=dict)
    vendors: dict[str, str] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    shelf: Shelf | None = None

    def of(self, address: str) -> Known:
        return self.devices.get(address, NOTHING)

    def learn(self, address: str, device: Known) -> None:
        """A device took a credential."""
        self.devices[address] = device
        self.subnets[subnet_of(address)] = device.credential
        if device.vendor:
            self.vendors[device.vendor.casefold()] = device.credential

    def tables(self, address: str) -> Tables:
        """Return what the tables of a device said last time, as far as that is still at hand."""
        name = self.of(address).tables
        return self.shelf.get(name) if self.shelf and name else NO_TABLES

    def keep(self, address: str, explored: Explored) -> None:
        """A device was explored."""
        name = self.shelf.put(explored.tables) if self.shelf else ""
        self.devices[address] = replace(self.of(address), stamps=explored.stamps, tables=name)

    def ranked(self, address: str, vendor: str, zone: str) -> list[str]:
        """Return ids of credentials, the likeliest first: of the device, its subnet, its vendor, its zone."""
        known = self.of(address)
        return [
            known.credential,
            *known.logins,
            self.subnets.get(subnet_of(address), ""),
            self.vendors.get(vendor.casefold(), ""),
            self.zones.get(zone, ""),
        ]


# --- as it crosses the wire (`wire.sweep.Known`)


def knowledge_of(told: Iterable[Mapping[str, Any]], shelf: Shelf | None) -> Knowledge:
    """Return what a task says is known. Raises ValueError, KeyError or TypeError when it is no such thing."""
    knowledge = Knowledge(shelf=shelf)
    for each in told:
        device = _read(each)
        if device.credential:
            knowledge.learn(str(each["address"]), device)
        else:
            knowledge.devices[str(each["address"])] = device
    return knowledge


def _read(said: Mapping[str, Any]) -> Known:
    kept = json.loads(said["stamps_json"] or "{}")
    stamps = {str(name): float(value) for name, value in kept.get("stamps", {}).items()}
    texts = {name: str(said[name]) for name in ("credential", "vendor", "host_key", "certificate", "dialect")}
    return Known(
        **texts, engine_id=bytes.fromhex(said["engine_id"]), stamps=stamps, tables=str(kept.get("tables", "")),
        hashes=dict(said["hashes"]), logins=tuple(map(str, kept.get("logins", ()))),
    )  # fmt: skip


def told_of(address: str, device: Known, shown: Fingerprint) -> dict[str, Any]:
    """Return what a row tells of a device: what is worth keeping, and the keys it shows now."""
    told = {"stamps": dict(device.stamps), "tables": device.tables, "logins": list(device.logins)}
    kept = json.dumps(told) if device.stamps or device.logins else ""
    return {
        "address": address, "credential": device.credential, "vendor": device.vendor,
        "engine_id": shown.engine_id or device.engine_id.hex(),
        "host_key": (shown.ssh.host_key if shown.ssh else None) or "",
        "certificate": shown.certificate.key if shown.certificate else "",
        "stamps_json": kept if len(kept.encode()) <= MAX_STAMPS_BYTES else "", "dialect": device.dialect,
    }  # fmt: skip
