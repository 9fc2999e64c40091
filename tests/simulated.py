"""Simulated hosts: deterministic inventories that keep to the section catalogue, as an agent would send them."""

from __future__ import annotations

import copy
import random
import zlib
from dataclasses import dataclass, field
from typing import Any

from wire import codec
from wire.observation import Envelope, Observation, Section, Status, is_hashes_only, state_hash
from wire.sections import SECTIONS, arrange, canonical, digest


@dataclass
class SimulatedHost:
    """One host. Change `bodies` to change the world; `observe` says it as the agent does."""

    number: int
    packages: int = 60
    bodies: dict[str, Any] = field(default_factory=dict)
    acked: dict[str, bytes] = field(default_factory=dict)
    _encoded: dict[str, tuple[Any, Section]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bodies = self.bodies or inventory(self.number, self.packages)

    @property
    def hostname(self) -> str:
        return f"host{self.number:05d}"

    def sections(self) -> list[Section]:
        return [self._section(name) for name in sorted(self.bodies)]

    def _section(self, name: str) -> Section:
        """Return one section in full; encoded anew only when its body has moved."""
        body, held = self.bodies[name], self._encoded.get(name)
        if held is None or held[0] != body:
            arranged = arrange(SECTIONS[name], body)
            encoded = canonical(arranged)
            status = Status.OK if arranged else Status.EMPTY
            made = Section(name, status, True, digest(encoded) if arranged else b"", encoded if arranged else None)
            held = self._encoded[name] = copy.deepcopy(body), made
        return held[1]

    def observe(self, at_ms: int, only: set[str] | None = None, full: bool = False) -> bytes:
        """Return one serialized observation: bodies of what moved since the last one, hashes of the rest."""
        whole = self.sections()
        told = [section for section in whole if only is None or section.name in only]
        sent = []
        for section in told:
            known = self.acked.get(section.name) == section.hash and not full
            body = None if known else section.body
            sent.append(Section(section.name, section.status, True, section.hash, body, collected_at_ms=at_ms))
            self.acked[section.name] = section.hash
        steady = [section for section in whole if section.name != "health"]
        bare = is_hashes_only(sent, (), {section.name for section in steady})
        return codec.encode_observation(
            Observation(at_ms, "0.1.0", "boot", state_hash(steady), tuple(sent), hashes_only=bare)
        )


def envelope(seq: int, payload: bytes) -> Envelope:
    return Envelope(seq, payload, zlib.crc32(payload))


def inventory(number: int, packages: int = 60) -> dict[str, Any]:
    """Return section → body of host `number`: about what a small Debian server shows."""
    dice = random.Random(number)
    mac = f"b8:27:eb:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
    uuid = f"{number:08x}-1111-4222-8333-{number:012x}"
    return {
        "hardware": {"vendor": "Example Computing", "model": "R-100", "serial": f"EX{number:08d}Q", "uuid": uuid,
                     "chassis_type": "rack_mount_chassis", "bios_version": "1.4"},
        "os": {"family": "linux", "id": "debian", "name": "Debian GNU/Linux 12 (bookworm)", "version": "12",
               "kernel": "6.1.0-28-amd64", "architecture": "x86_64", "hostname": f"host{number:05d}",
               "machine_id": f"{number:032x}"},
        "cpu": {"model": "Example 8-core", "sockets": 1, "cores": 8, "threads": 16},
        "memory": {"total_bytes": 34_359_738_368, "swap_bytes": 0},
        "disks": [{"name": f"wwn-{number:016x}", "device": "sda", "serial": f"D{number:07d}",
                   "size_bytes": 960_197_124_096}],
        "filesystems": [{"mount": "/", "device": "/dev/sda1", "type": "ext4", "size_bytes": 950_000_000_000,
                         "readonly": False, "options": ["relatime"]}],
        "interfaces": [{"name": "eno1", "mac": mac, "permanent_mac": mac, "kind": "ethernet", "state": "up",
                        "addresses": [f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}/8"], "mtu": 1500}],
        "dns": {"servers": ["10.0.0.53"], "search": ["example.test"]},
        "ntp": {"service": "chronyd", "servers": ["10.0.0.123"], "synchronised": True},
        "packages": [{"name": f"package-{n:04d}", "arch": "amd64", "manager": "dpkg",
                      "version": f"1.{dice.randrange(9)}-1"} for n in range(packages)],
        "services": [{"name": "ssh.service", "enabled": "enabled", "state": "running"}],
        "listening_ports": [{"protocol": "tcp", "address": "0.0.0.0", "port": 22, "executable": "/usr/sbin/sshd"}],
        "users": [{"name": "root", "uid": 0, "gid": 0, "shell": "/bin/bash", "can_log_in": True}],
        "groups": [{"name": "root", "gid": 0, "members": []}],
        "virtualization": {"hypervisor": "none", "role": "none"},
        "databases_and_middleware": [{"product": "postgresql", "instance": "5432", "kind": "database", "version": "15",
                                      "ports": ["tcp/5432"], "running": True}],
        "raid": [],
    }  # fmt: skip
