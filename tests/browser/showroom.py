"""A small estate fit to be looked at: six servers and two PCs, a month of history, one of each trouble.

web-01 got a package and a port nobody approved, web-02 has a certificate about to expire, db-01 a disk that fills.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from collector.clock import now
from tests.browser.wire_agents import Told
from tests.simulated import SimulatedHost

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
GIB = 1024**3
Bodies = dict[str, Any]

UPGRADED, SEEN_BEFORE, SEEN_AFTER = ("nginx", "1.22.1-9", "1.24.0-2"), 3 * HOUR, 2 * HOUR + 45 * MINUTE
"""What moved on web-01, and how long ago (ms) it was last seen as before and first seen as after."""
OPENED_PORT = 8081
EXPIRES_IN_DAYS = 12


@dataclass(frozen=True, slots=True)
class Model:
    """What a series of machines has in common."""

    vendor: str
    name: str
    chassis: str
    cpu: str
    threads: int
    memory_gib: int
    driver: str
    speed_mbps: int


RACK = Model("Dell Inc.", "PowerEdge R640", "rack_mount_chassis", "Intel Xeon Gold 6230", 80, 256, "i40e", 10_000)
BLADE = Model("Huawei", "FusionServer CH121 V5", "blade", "Intel Xeon Gold 6248", 80, 384, "hinic", 25_000)
GUEST = Model("QEMU", "Standard PC (Q35 + ICH9, 2009)", "other", "Intel Xeon Gold 6248", 8, 32, "virtio_net", 10_000)
LAPTOP = Model("LENOVO", "ThinkPad T14 Gen 4", "notebook", "Intel Core i7-1365U", 12, 32, "e1000e", 1_000)

PACKAGES = {
    "base-files": "12.4+deb12u8", "bash": "5.2.15-2+b7", "ca-certificates": "20230311", "chrony": "4.3-2+deb12u1",
    "coreutils": "9.1-1", "curl": "7.88.1-10+deb12u8", "linux-image-amd64": "6.1.115-1",
    "openssh-server": "1:9.2p1-2+deb12u3", "openssl": "3.0.15-1~deb12u1", "python3": "3.11.2-1+b1",
    "rsyslog": "8.2302.0-1", "sudo": "1.9.13p3-1+deb12u1", "systemd": "252.31-1~deb12u1",
    "tzdata": "2024a-0+deb12u1", "util-linux": "2.38.1-5+deb12u1", "vim": "2:9.0.1378-2",
}  # fmt: skip


def agents() -> list[Told]:
    """Return what the agents of the showroom say."""
    return [
        _web(1, "web-01", 210, _drift), _web(2, "web-02", EXPIRES_IN_DAYS, _nothing),
        _app(3, "app-01"), _app(4, "app-02"),
        _database(5, "db-01", RACK, "postgresql", "15.8"), _database(6, "db-02", GUEST, "mariadb", "10.11.6"),
        _pc(7, "pc-wang"), _pc(8, "pc-li"),
    ]  # fmt: skip


# --- the hosts


def _nothing(bodies: Bodies) -> None:
    """A quiet month."""


def _web(number: int, name: str, valid_days: int, happens: Callable[[Bodies], None]) -> Told:
    bodies = _host(number, name, RACK)
    bodies["packages"] += _packages({"nginx": UPGRADED[1], "nginx-common": "1.22.1-9"})
    bodies["services"].append(_service("nginx", "A high performance web server and a reverse proxy server"))
    bodies["listening_ports"] += [_port(80, "nginx"), _port(443, "nginx")]
    bodies["databases_and_middleware"] = [_software("nginx", "middleware", "1.22.1", 443)]
    bodies["certificates"] = [_certificate(name, valid_days)]
    return _lives(name, bodies, happens)


def _app(number: int, name: str) -> Told:
    bodies = _host(number, name, BLADE)
    bodies["packages"] += _packages({"openjdk-17-jre-headless": "17.0.13+11-2~deb12u1", "tomcat10": "10.1.6-1"})
    bodies["services"].append(_service("tomcat10", "Apache Tomcat 10 Web Application Server"))
    bodies["listening_ports"].append(_port(8080, "java"))
    bodies["databases_and_middleware"] = [_software("tomcat", "middleware", "10.1.6", 8080)]
    return _lives(name, bodies)


def _database(number: int, name: str, model: Model, product: str, version: str) -> Told:
    bodies, port = _host(number, name, model), {"postgresql": 5432}.get(product, 3306)
    bodies["packages"] += _packages({f"{product}-server": version})
    bodies["services"].append(_service(product, f"{product} database server"))
    bodies["listening_ports"].append(_port(port, product))
    bodies["databases_and_middleware"] = [_software(product, "database", version, port)]
    bodies["filesystems"].append(_filesystem("/var/lib", "xfs", 1800))
    bodies["health"].append({"metric": "filesystem_used_ratio", "instance": "/var/lib", "value": 0.88})
    return _lives(name, bodies)


def _pc(number: int, name: str) -> Told:
    bodies = _host(number, name, LAPTOP)
    bodies["packages"] += _packages({"firefox-esr": "128.4.0esr-1", "libreoffice-core": "4:7.4.7-1+deb12u5"})
    bodies["services"].append(_service("gdm3", "GNOME Display Manager"))
    return _lives(name, bodies)


# --- a month of each


def _lives(name: str, bodies: Bodies, happens: Callable[[Bodies], None] = _nothing) -> Told:
    """A host arrives 33 days ago, a link and a service go their ways, then `happens`, and all is as it was just now."""
    host, present = SimulatedHost(0, bodies=bodies), now()
    said = [host.observe(present - 33 * DAY)]
    bodies["interfaces"][1]["state"] = "down"
    said.append(host.observe(present - 12 * DAY))
    bodies["interfaces"][1]["state"] = "up"
    _of(bodies["services"], name="rsyslog.service")["state"] = "stopped"
    said.append(host.observe(present - 5 * DAY))
    _of(bodies["services"], name="rsyslog.service")["state"] = "running"
    said.append(host.observe(present - SEEN_BEFORE, full=True))
    happens(bodies)
    said.append(host.observe(present - SEEN_AFTER))
    _of(bodies["health"], metric="load1")["value"] = 1.57
    said.append(host.observe(present, full=True))
    return Told(said, name)


def _drift(bodies: Bodies) -> None:
    name, _, version = UPGRADED
    _of(bodies["packages"], name=name)["version"] = version
    bodies["listening_ports"].append(_port(OPENED_PORT, "nginx"))


def _of(rows: list[Bodies], **fields: str) -> Bodies:
    return next(row for row in rows if fields.items() <= row.items())


# --- what they are made of


def _host(number: int, name: str, model: Model) -> Bodies:
    virtual = model is GUEST
    return {
        **_machine(number, name, model, virtual),
        "disks": [] if virtual else [_disk(number, at) for at in range(2)],
        "filesystems": [_filesystem("/", "ext4", 100), _filesystem("/var/log", "ext4", 50)],
        "interfaces": [_interface(number, at, model) for at in range(2)],
        "dns": {"servers": ["10.20.0.2", "10.20.0.3"], "search": ["example.com"]},
        "ntp": {"service": "chronyd", "servers": ["ntp1.example.com", "ntp2.example.com"], "synchronised": True},
        "packages": _packages(PACKAGES),
        "services": [_service("chrony", "NTP client/server"), _service("rsyslog", "System Logging Service"),
                     _service("ssh", "OpenBSD Secure Shell server")],
        "listening_ports": [_port(22, "sshd")],
        "users": [_user("root", 0), _user("ops", 1000), _user("backup", 34, "/usr/sbin/nologin")],
        "health": [{"metric": metric, "instance": instance, "value": value} for metric, instance, value in (
            ("filesystem_used_ratio", "/", 0.41), ("filesystem_used_ratio", "/var/log", 0.63),
            ("memory_used_ratio", "", 0.57), ("load1", "", 1.42), ("uptime_seconds", "", 33 * 86_400.0))],
    }  # fmt: skip


def _machine(number: int, name: str, model: Model, virtual: bool) -> Bodies:
    uuid = f"4c4c4544-0058-4b10-8039-b7c04f51{number:04d}"
    serial = {} if virtual else {"serial": f"7XK9Q{number:02d}"}
    return {
        "hardware": {"vendor": model.vendor, "model": model.name, "uuid": uuid, "chassis_type": model.chassis,
                     "bios_version": "2.21.2", "bios_date": "2024-02-19", **serial},
        "os": {"family": "linux", "id": "debian", "name": "Debian GNU/Linux 12 (bookworm)", "version": "12",
               "codename": "bookworm", "kernel": "6.1.0-28-amd64", "architecture": "x86_64", "hostname": name,
               "machine_id": f"{number:032x}", "domain": "example.com", "timezone": "Asia/Shanghai"},
        "cpu": {"model": model.cpu, "sockets": 2, "cores": model.threads // 2, "threads": model.threads},
        "memory": {"total_bytes": model.memory_gib * GIB, "swap_bytes": 8 * GIB},
        "virtualization": {"hypervisor": "kvm" if virtual else "none", "role": "guest" if virtual else "none"},
    }  # fmt: skip


def _disk(number: int, at: int) -> Bodies:
    return {"name": f"wwn-0x5000c500a1b2{number:02x}{at:02x}", "device": f"sd{'ab'[at]}", "vendor": "SEAGATE",
            "model": "ST1200MM0099", "serial": f"WFK0{number:02d}{at}", "size_bytes": 1_200_243_695_616,
            "rotational": True, "transport": "sas", "health": "passed"}  # fmt: skip


def _filesystem(mount: str, kind: str, gib: int) -> Bodies:
    return {"mount": mount, "device": f"/dev/mapper/vg0-{mount.strip('/').replace('/', '_') or 'root'}", "type": kind,
            "size_bytes": gib * GIB, "readonly": False, "options": ["relatime"]}  # fmt: skip


def _interface(number: int, at: int, model: Model) -> Bodies:
    mac = f"f4:02:70:aa:{at:02x}:{number:02x}"
    return {"name": f"eno{at + 1}", "mac": mac, "permanent_mac": mac, "mtu": 1500, "kind": "ethernet", "state": "up",
            "addresses": [f"10.20.{at}.{10 + number}/24"], "speed_mbps": model.speed_mbps, "duplex": "full",
            "driver": model.driver}  # fmt: skip


def _packages(versions: dict[str, str]) -> list[Bodies]:
    return [{"name": name, "arch": "amd64", "version": version, "manager": "dpkg"}
            for name, version in versions.items()]  # fmt: skip


def _service(name: str, description: str) -> Bodies:
    return {"name": f"{name}.service", "enabled": "enabled", "state": "running", "description": description}


def _port(port: int, process: str) -> Bodies:
    return {"protocol": "tcp", "address": "0.0.0.0", "port": port, "process": process,
            "executable": f"/usr/sbin/{process}", "user": "root"}  # fmt: skip


def _user(name: str, number: int, shell: str = "/bin/bash") -> Bodies:
    return {"name": name, "uid": number, "gid": number, "home": f"/home/{name}" if number >= 1000 else "/root",
            "shell": shell, "can_log_in": shell == "/bin/bash"}  # fmt: skip


def _software(product: str, kind: str, version: str, port: int) -> Bodies:
    return {"product": product, "instance": str(port), "kind": kind, "version": version, "ports": [f"tcp/{port}"],
            "running": True}  # fmt: skip


def _certificate(name: str, days: int) -> Bodies:
    return {"path": "/etc/ssl/shop.pem", "fingerprint": hashlib.sha256(name.encode()).hexdigest(),
            "subject": "CN=shop.example.com", "issuer": "CN=Example Issuing CA 2,O=Example", "serial": "03a1",
            "names": ["shop.example.com"], "not_before": "2026-01-05T00:00:00Z", "not_after": _day(days)}  # fmt: skip


def _day(days: int) -> str:
    """Return midnight (UTC) so many days from now, RFC 3339."""
    return datetime.fromtimestamp((now() + days * DAY) / 1000, UTC).strftime("%Y-%m-%dT00:00:00Z")
