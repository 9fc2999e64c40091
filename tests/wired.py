"""A small wired estate as probes and one agent tell of it: links of every kind, a hub, a telephone, a PC without a CI.

core-01 ══ access-01 (an aggregate of two, both say so) ── db-01 (its agent hears the switch)
core-01 ── access-02 in another zone (only access-02 says so)
core-01 ── hub ── access-03, access-04 (one port of the core hears both)
access-03 ×─ access-02 (access-02 hears access-04 there)
"""

from __future__ import annotations

from typing import Any

from tests.simulated import SimulatedHost
from wire import codec
from wire.observation import Observation, Section, Status, Target, state_hash
from wire.sections import SECTIONS, arrange, canonical, digest

Bodies = dict[str, Any]
PC, PC_ADDRESS = "02:00:00:aa:00:01", "10.20.0.77"
PHONE = "02:00:00:bb:00:01"
SERVER, SERVER_MAC, SERVER_ADDRESS = "db-01", "02:00:00:cc:00:01", "10.20.0.50"
PORTS = tuple(f"GigabitEthernet1/0/{number}" for number in range(1, 9))
G1, G2, G3, G4, G5, G6 = PORTS[:6]
LAG = "Bridge-Aggregation1"
ZONES = {"access-02": "plant-2"}


def mac(number: int, port: int = 0) -> str:
    return f"02:00:00:00:{number:02x}:{port:02x}"


def heard(interface: str, number: int, port: str, name: str = "", **more: Any) -> dict[str, Any]:
    """Return what a switch says of switch `number`: it is heard on `interface` and names its own port."""
    return {"protocol": "lldp", "interface": interface, "chassis_id": mac(number), "chassis_id_kind": "mac",
            "port_id": port, "system_name": name, **more}  # fmt: skip


def learned(vlan: int, address: str, interface: str) -> dict[str, Any]:
    return {"vlan": vlan, "mac": address, "interface": interface, "kind": "learned"}


def switch(number: int, name: str, **more: Any) -> Bodies:
    ports = [{"name": port, "index": at, "mac": mac(number, at), "kind": "ethernet", "state": "up"}
             for at, port in enumerate(PORTS, 1)]  # fmt: skip
    return {
        "device": {"class": "network", "type": "switch", "vendor": "H3C", "model": "S5560X-30C-EI", "name": name,
                   "serial": f"219801A1A0X{number:09d}", "engine_id": f"800063a203{number:012x}",
                   "base_mac": mac(number), "address": f"10.20.0.{number}"},
        "interfaces": [*ports, {"name": LAG, "index": 900, "kind": "bond", "state": "up"}] if "lags" in more else ports,
        **more,
    }  # fmt: skip


def switches() -> dict[str, Bodies]:
    """Return name → bodies of all swept devices."""
    lag = [{"name": LAG, "members": [G1, G2], "mode": "lacp"}]
    behind_access_01 = [learned(20, PC, LAG), learned(10, SERVER_MAC, LAG), learned(20, PHONE, LAG)]
    return {
        "core-01": switch(
            1, "core-01", lags=lag,
            neighbours=[heard(G1, 2, G1, "access-01"), heard(G2, 2, G2, "access-01"),
                        heard(G5, 4, G1, "access-03"), heard(G5, 5, G1, "access-04")],
            fdb=behind_access_01,
            arp=[{"address": PC_ADDRESS, "mac": PC, "interface": "Vlan-interface20"},
                 {"address": SERVER_ADDRESS, "mac": SERVER_MAC, "interface": "Vlan-interface10"}],
        ),
        "access-01": switch(
            2, "access-01", lags=lag,
            neighbours=[heard(G1, 1, G1, "core-01"), heard(G2, 1, G2, "core-01"),
                        {"protocol": "lldp", "interface": G3, "chassis_id": SERVER_MAC, "port_id": SERVER_MAC,
                         "system_name": f"{SERVER}.example.com"},
                        {"protocol": "lldp", "interface": G5, "chassis_id": PHONE, "port_id": PHONE,
                         "system_name": "SEP-02BB", "capabilities": ["bridge", "telephone"], "platform": "CP-8845"}],
            fdb=[learned(20, PC, G4), learned(10, SERVER_MAC, G3), learned(20, PHONE, G5)],
        ),
        "access-02": switch(3, "access-02", neighbours=[heard(G1, 1, G6, "core-01"), heard(G2, 5, G2, "access-04")]),
        "access-03": switch(4, "access-03", neighbours=[heard(G1, 1, G5, "core-01"), heard(G2, 3, G2, "access-02")]),
        "access-04": switch(5, "access-04", neighbours=[heard(G1, 1, G5, "core-01"), heard(G2, 3, G2, "access-02")]),
    }  # fmt: skip


def server() -> SimulatedHost:
    """Return the host with an agent that hears the switch it is plugged in at."""
    host = SimulatedHost(41)
    host.bodies["os"]["hostname"] = SERVER
    host.bodies["interfaces"][0] |= {"mac": SERVER_MAC, "permanent_mac": SERVER_MAC,
                                     "addresses": [f"{SERVER_ADDRESS}/24"]}  # fmt: skip
    host.bodies["lldp"] = [{"interface": "eno1", "chassis_id": mac(2), "port_id": G3, "system_name": "access-01"}]
    return host


def told(at_ms: int, name: str, bodies: Bodies) -> bytes:
    """Return one observation of a swept device, as a probe sends it."""
    sections = []
    for section, body in bodies.items():
        encoded = canonical(arrange(SECTIONS[section], body))
        sections.append(Section(section, Status.OK, True, digest(encoded), encoded, collected_at_ms=at_ms))
    target = Target("snmp", ZONES.get(name, ""), bodies["device"]["address"])
    return codec.encode_observation(
        Observation(at_ms, "0.1.0", "boot", state_hash(sections), tuple(sections), target=target)
    )
