"""Things that answer: hosts with an agent, and devices a probe sweeps by one or two protocols.

A thing shows its bodies; a voice is one source that tells of them. What a voice leaves out is what the real one does:
an agent sends bodies that moved since its last look, a probe those of which the collector holds another hash.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.bench.estate import touch
from tests.bench.estate.touch import Bodies, Touch
from tests.simulated import inventory
from wire import codec
from wire.observation import Observation, Section, Status, Target, is_hashes_only, state_hash
from wire.sections import SECTIONS, arrange, canonical, digest

HOUR = 3_600_000
AGENT_EVERY, PROBE_EVERY = HOUR, 6 * HOUR
PORTS, PACKAGES = 8, 24


@dataclass(slots=True)
class Voice:
    """One source. `agent`: the number of who sends; `target`: what a probe looks at; `reads`: sections, None: all."""

    agent: int
    every: int
    target: Target | None = None
    reads: frozenset[str] | None = None
    sent: dict[str, bytes] = field(default_factory=dict)

    @property
    def code(self) -> str:
        if self.target is None:
            return f"agent/u{self.agent}"
        return f"{self.target.protocol}/{self.target.zone}/{self.target.address}"


@dataclass(slots=True)
class Thing:
    """One host or device. `spare`: touches nobody has made yet. `away`: times (from, to) in which it does not answer.

    `cut`: times in which its agent can send nothing and keeps what it sees.
    `unquiet`: times that belong to a mishap, in which nothing else is done to it; `calm`: times in which no look fails.
    """

    name: str
    kind: str
    bodies: Bodies
    voices: list[Voice]
    spare: list[Touch]
    arrives: int = 0
    away: list[tuple[int, int]] = field(default_factory=list)
    cut: list[tuple[int, int]] = field(default_factory=list)
    unquiet: list[tuple[int, int]] = field(default_factory=list)
    calm: list[tuple[int, int]] = field(default_factory=list)
    revisions: dict[str, int] = field(default_factory=dict)
    registered: bool = True
    _encoded: dict[str, tuple[bytes, bytes | None]] = field(default_factory=dict)

    @property
    def has_agent(self) -> bool:
        return self.voices[0].target is None

    @property
    def every(self) -> int:
        return self.voices[0].every

    def touched(self, made: Touch) -> Touch:
        """Let `made` happen and return what undoes it."""
        self._encoded.pop(made.path.section, None)
        return made.apply(self.bodies)

    def moved(self, section: str, body: Any) -> None:
        """Let a whole section show something else."""
        self._encoded.pop(section, None)
        self.bodies[section] = body

    def answers(self, at: int) -> bool:
        return at >= self.arrives and not within(self.away, at)

    def encoded(self, name: str) -> tuple[bytes, bytes | None]:
        """Return hash and canonical body of a section; both empty where it has nothing."""
        if name not in self._encoded:
            arranged = arrange(SECTIONS[name], self.bodies[name])
            text = canonical(arranged)
            self._encoded[name] = (digest(text), text) if arranged else (b"", None)
        return self._encoded[name]


def within(times: Sequence[tuple[int, int]], at: int) -> bool:
    return any(begin <= at <= end for begin, end in times)


# --- what a voice says


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one section of a look: it fails, or is not read to its end."""

    section: str
    fails: bool


def look(thing: Thing, voice: Voice, at: int, held: Mapping[str, bytes], fault: Fault | None = None) -> bytes:
    """Return one serialized observation; `held`: section → hash of what the collector knows."""
    names = sorted(thing.bodies if voice.reads is None else voice.reads & thing.bodies.keys())
    sections = [_section(thing, name, at, held, fault) for name in names]
    bare = is_hashes_only(sections, (), set(names))
    return codec.encode_observation(
        Observation(at, "0.1.0", "boot", state_hash(sections), tuple(sections), hashes_only=bare, target=voice.target)
    )


def _section(thing: Thing, name: str, at: int, held: Mapping[str, bytes], fault: Fault | None) -> Section:
    revision = thing.revisions.get(name, 1)
    if fault is not None and fault.section == name:
        return _broken(thing, name, at, revision, fails=fault.fails)
    hashed, text = thing.encoded(name)
    status = Status.EMPTY if text is None else Status.OK
    is_known = held.get(name) == hashed
    return Section(
        name, status, True, hashed, None if is_known else text, collected_at_ms=at, revision=revision
    )  # fmt: skip


def _broken(thing: Thing, name: str, at: int, revision: int, *, fails: bool) -> Section:
    body = thing.bodies[name]
    if fails or isinstance(body, dict) or not body:
        return Section(name, Status.FAILED, False, reason="timed out", collected_at_ms=at, revision=revision)
    text = canonical(arrange(SECTIONS[name], body[: max(1, len(body) // 2)]))
    return Section(name, Status.OK, False, digest(text), text, collected_at_ms=at, revision=revision)


# --- hosts

FREE_ON_A_PC = frozenset({"filesystems", "listening_ports"})
"""Sections in which people move things on their PCs as they like."""


def host(number: int, dice: random.Random) -> Thing:
    """Return host `number`: a server, or every third one a PC with a desktop."""
    bodies = inventory(number, PACKAGES)
    if number % 3 == 0:
        bodies["hardware"]["chassis_type"] = "desktop"
        bodies["services"].append({"name": "gdm.service", "enabled": "enabled", "state": "running"})
    bodies.pop("raid")
    kind = "pc" if number % 3 == 0 else "server"
    spare = [each for each in _touches_of_host(bodies) if kind == "server" or each.path.section not in FREE_ON_A_PC]
    dice.shuffle(spare)
    return Thing(bodies["os"]["hostname"], kind, bodies, [Voice(number, AGENT_EVERY)], spare)


def _touches_of_host(bodies: Bodies) -> Iterator[Touch]:
    for n, row in enumerate(bodies["packages"]):
        yield touch.field("packages", f"{row['name']}|{row['arch']}", "version", f"2.{n}-1")
    for n in range(6):
        key = {"name": f"tool-{n}", "arch": "amd64"}
        yield touch.element("packages", key, {"version": "1.0-1", "manager": "dpkg"})
        yield touch.element("users", {"name": f"user{n}"}, {"uid": 2000 + n, "gid": 2000, "shell": "/bin/sh"})
        yield touch.element("services", {"name": f"daemon-{n}.service"}, {"enabled": "enabled", "state": "running"})
        port = {"protocol": "tcp", "address": "0.0.0.0", "port": 8000 + n}
        yield touch.element("listening_ports", port, {"executable": f"/usr/sbin/daemon-{n}"})
    yield touch.field("interfaces", "eno1", "mtu", 9000)
    yield touch.field("users", "root", "shell", "/bin/zsh")
    yield touch.field("services", "ssh.service", "enabled", "disabled")
    yield touch.record("os", "kernel", "6.1.0-31-amd64")
    yield touch.record("os", "timezone", "Asia/Shanghai")
    yield touch.record("dns", "servers", ["10.0.0.54"])
    yield touch.record("ntp", "servers", ["10.0.0.124"])
    yield touch.record("hardware", "bios_version", "1.5")
    yield touch.field("groups", "root", "members", ["eve"])
    yield touch.field("filesystems", "/", "options", ["noatime", "relatime"])


# --- devices

_KINDS = (("network", "switch"), ("network", "router"), ("security", "firewall"), ("storage", "disk_array"),
          ("environment", "ups"))  # fmt: skip


def device(number: int, probe: int, dice: random.Random) -> Thing:
    """Return device `number`; every tenth one is visited over SSH as well."""
    ci_class, ci_type = dice.choices(_KINDS, (60, 10, 10, 10, 10))[0]
    address = f"10.20.{number >> 8}.{number & 255}"
    bodies = _shown(number, ci_class, ci_type)
    voices = [Voice(probe, PROBE_EVERY, Target("snmp", "", address))]
    if number % 10 == 0:
        seen = frozenset({"device", "configuration"})
        voices.append(Voice(probe, PROBE_EVERY, Target("ssh", "", address), seen))
    spare = list(_touches_of_device(number, bodies))
    dice.shuffle(spare)
    return Thing(bodies["device"]["name"], "device", bodies, voices, spare)


def _shown(number: int, ci_class: str, ci_type: str) -> Bodies:
    mac = f"00:e0:fc:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
    bodies: Bodies = {
        "device": {"class": ci_class, "type": ci_type, "vendor": "Example Networks", "model": f"{ci_type}-48",
                   "serial": f"DV{number:08d}K", "engine_id": f"800007db03{number:012x}", "base_mac": mac,
                   "os": "ENOS", "version": "5.170", "name": f"{ci_type.replace('_', '-')}-{number:04d}",
                   "location": "room 1", "contact": "noc", "object_id": "1.3.6.1.4.1.99999.2.1"},
        "interfaces": [{"name": f"GE0/0/{port}", "index": port, "kind": "ethernet", "state": "up", "mtu": 1500}
                       for port in range(1, PORTS + 1)],
        "components": [{"path": "chassis", "class": "chassis", "software_version": "5.170", "index": 1}],
        "firmware": [{"component": "boot_loader", "version": "1.07"}],
        "configuration": [{"kind": "running", "sha256": f"{number:064x}"}],
    }  # fmt: skip
    if ci_class == "network":
        bodies["vlans"] = [{"vlan": vlan, "name": f"vlan {vlan}"} for vlan in (1, 10, 20)]
    return bodies


def _touches_of_device(number: int, bodies: Bodies) -> Iterator[Touch]:
    yield touch.record("device", "version", "5.180")
    yield touch.record("device", "location", "room 2")
    yield touch.record("device", "contact", "noc-2")
    yield touch.record("device", "model", bodies["device"]["model"] + "X")
    yield touch.field("configuration", "running", "sha256", f"{number + (1 << 200):064x}")
    yield touch.element("components", {"path": "chassis > slot 1"}, {"class": "module", "serial": f"MD{number:06d}"})
    for port in range(1, PORTS + 1):
        yield touch.field("interfaces", f"GE0/0/{port}", "mtu", 9216)
    yield touch.element("interfaces", {"name": "Vlanif30"}, {"kind": "vlan", "mtu": 1500, "addresses": ["10.9.0.1/24"]})
    for vlan in range(100, 108) if "vlans" in bodies else ():
        yield touch.element("vlans", {"vlan": vlan}, {"name": f"vlan {vlan}"})


def renumbered(bodies: Bodies, by: int) -> list[dict[str, Any]]:
    """Return the interfaces with other indexes, as after a restart, in another order."""
    return [{**row, "index": row["index"] + by} if "index" in row else row for row in reversed(bodies["interfaces"])]
