"""The section catalogue: what an observation may say, field by field, with unit and source.

Agent collectors and device probes write to it, the collector's ingest checks against it,
so both sides agree by construction. Fields are only ever added (see `tests/architecture`).

A section is either a *record* (one JSON object) or *rows* (a JSON array of objects, each
named by its key fields). Bodies travel as canonical JSON (RFC 8785 in spirit: sorted keys,
no blanks, UTF-8), so equal content has an equal SHA-256.
"""

from __future__ import annotations

import functools
import hashlib
import json
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from wire.device_sections import DEVICE_SECTIONS

Kind = Literal["text", "whole", "real", "flag", "texts", "sequence", "when", "document"]
"""text: str · whole: int · real: float · flag: bool · texts: sorted list of str, a set · sequence: list whose order
counts · when: RFC 3339 UTC text · document: str of many lines, up to `MAX_DOCUMENT`."""

Body = dict[str, Any] | list[dict[str, Any]]

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_ROWS = 50_000
MAX_TEXT = 4_096
MAX_TEXTS = 4_096
MAX_DOCUMENT: Final = 2 * 1024 * 1024
"""Characters of a document; what it takes in bytes is bounded with the body."""
MAX_WHOLE = 2**63 - 1


class BadSection(ValueError):
    """A section body that does not keep to the catalogue; the message names the place."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its kind and, in one line, its unit and where it is read."""

    name: str
    kind: Kind
    doc: str


@dataclass(frozen=True, slots=True)
class Shape:
    """One section: a record when `key` is empty, else rows named by `key`."""

    name: str
    doc: str
    key: tuple[str, ...]
    fields: Mapping[str, Field] = field(default_factory=dict)
    revision: int = 1

    @property
    def is_record(self) -> bool:
        return not self.key


def _shape(name: str, doc: str, key: str, *fields: tuple[str, Kind, str]) -> Shape:
    return Shape(name, doc, tuple(key.split()), {f[0]: Field(*f) for f in fields})


_ALL = (
    _shape(
        "hardware", "The chassis as SMBIOS (DMTF DSP0134) names it", "",
        ("vendor", "text", "system manufacturer; SMBIOS type 1, /sys/class/dmi/id/sys_vendor"),
        ("model", "text", "product name; SMBIOS type 1"),
        ("serial", "text", "chassis serial; SMBIOS type 1, else type 3; root only on Linux"),
        ("uuid", "text", "SMBIOS system UUID, lower case, as the firmware reports it"),
        ("chassis_type", "text", "SMBIOS type 3 in words: desktop, laptop, rack_mount_chassis, blade …"),
        ("bios_vendor", "text", "SMBIOS type 0"),
        ("bios_version", "text", "SMBIOS type 0"),
        ("bios_date", "text", "SMBIOS type 0, as printed"),
        ("board_vendor", "text", "SMBIOS type 2"),
        ("board_model", "text", "SMBIOS type 2"),
        ("board_serial", "text", "SMBIOS type 2; root only on Linux"),
        ("asset_tag", "text", "SMBIOS type 3 asset tag"),
    ),
    _shape(
        "os", "The running operating system instance", "",
        ("family", "text", "linux, windows or macos"),
        ("id", "text", "os-release ID (debian, rhel …), 'windows', 'macos'"),
        ("name", "text", "os-release PRETTY_NAME or the vendor's product name"),
        ("version", "text", "os-release VERSION_ID, or the full build on Windows and macOS"),
        ("codename", "text", "os-release VERSION_CODENAME"),
        ("kernel", "text", "running kernel release; uname -r"),
        ("architecture", "text", "machine; uname -m"),
        ("hostname", "text", "host name without domain; gethostname(2)"),
        ("domain", "text", "DNS or directory domain, if the host knows one"),
        ("machine_id", "text", "/etc/machine-id; MachineGuid on Windows; IOPlatformUUID on macOS"),
        ("timezone", "text", "IANA zone name"),
        ("booted_at", "when", "time of the last boot; volatile"),
        ("boot_id", "text", "random id of this boot, /proc/sys/kernel/random/boot_id; volatile"),
    ),
    _shape(
        "cpu", "Processors", "",
        ("model", "text", "model name; /proc/cpuinfo"),
        ("vendor", "text", "vendor id; /proc/cpuinfo"),
        ("sockets", "whole", "count of physical packages"),
        ("cores", "whole", "count of physical cores, all sockets"),
        ("threads", "whole", "count of logical processors"),
        ("max_mhz", "whole", "MHz; cpufreq's cpuinfo_max_freq, absent where not told"),
    ),
    _shape(
        "memory", "Installed memory", "",
        ("total_bytes", "whole", "bytes usable by the system; /proc/meminfo MemTotal"),
        ("swap_bytes", "whole", "bytes; /proc/meminfo SwapTotal"),
    ),
    _shape(
        "memory_modules", "Memory modules, SMBIOS type 17; root only on Linux", "slot",
        ("slot", "text", "device locator"),
        ("size_bytes", "whole", "bytes"),
        ("type", "text", "DDR4, DDR5 …"),
        ("speed_mts", "whole", "configured speed, megatransfers per second"),
        ("vendor", "text", "manufacturer"),
        ("part", "text", "part number"),
        ("serial", "text", "serial number"),
    ),
    _shape(
        "disks", "Block devices that are whole disks", "name",
        ("name", "text", "stable name: WWN, else serial, else by-path, else kernel name"),
        ("device", "text", "kernel name (sda, nvme0n1); informational, it may move between boots"),
        ("vendor", "text", "/sys/block/*/device/vendor"),
        ("model", "text", "/sys/block/*/device/model"),
        ("serial", "text", "udev ID_SERIAL_SHORT, /sys serial or VPD page 80"),
        ("wwn", "text", "world wide name; /sys/block/*/device/wwid or udev ID_WWN"),
        ("size_bytes", "whole", "bytes; /sys/block/*/size × 512"),
        ("rotational", "flag", "true for spinning disks; /sys/block/*/queue/rotational"),
        ("transport", "text", "sata, sas, nvme, usb, virtio, mmc …"),
        ("health", "text", "SMART overall health: passed, failed; absent where not readable"),
        ("slot", "text", "bay or slot, enclosure before it where there are several"),
        ("part", "text", "part number"),
        ("version", "text", "firmware"),
        ("pool", "text", "pool, aggregate or RAID group it belongs to"),
        ("state", "text", "ok, spare, rebuilding, failed, predicted_failure, absent …; as its controller says"),
    ),
    _shape(
        "filesystems", "Mounted file systems that hold data (no pseudo file systems)", "mount",
        ("mount", "text", "mount point"),
        ("device", "text", "source as mounted"),
        ("type", "text", "ext4, xfs, ntfs, nfs4 …"),
        ("size_bytes", "whole", "bytes; statvfs f_blocks × f_frsize"),
        ("readonly", "flag", "mounted read-only"),
        ("options", "texts", "mount options that are not defaults of the kernel"),
    ),
    _shape(
        "interfaces", "Network interfaces", "name",
        ("name", "text", "interface name; ifName"),
        ("mac", "text", "current MAC, lower case, colons"),
        ("permanent_mac", "text", "burnt-in MAC; ethtool's permanent address or the bond's perm_hwaddr"),
        ("addresses", "texts", "addresses with prefix length, link-local left out"),
        ("mtu", "whole", "bytes"),
        ("speed_mbps", "whole", "Mbit/s; absent when the link is down or virtual"),
        ("duplex", "text", "full or half"),
        ("state", "text", "operational state: up, down, unknown; RFC 2863 ifOperStatus"),
        ("kind", "text", "ethernet, wireless, bond, bridge, vlan, veth, tunnel, loopback, infiniband, virtual"),
        ("master", "text", "bond or bridge this one belongs to"),
        ("vlan", "whole", "VLAN id, 1–4094; IEEE 802.1Q"),
        ("driver", "text", "kernel driver"),
        ("alias", "text", "what was entered to describe it; ifAlias"),
        ("description", "text", "ifDescr; informational"),
        ("index", "whole", "ifIndex; it may be another after a restart"),
        ("admin", "text", "up, down or testing as configured; ifAdminStatus"),
        ("mode", "text", "access, trunk, hybrid, routed; from its VLANs"),
        ("tagged_vlans", "text", "VLANs it carries with a tag, as ranges: 10,20-29; dot1qVlanStaticEgressPorts"),
        ("voice_vlan", "whole", "VLAN id for telephones; vmVoiceVlanId"),
        ("connector", "flag", "has a physical connector; ifConnectorPresent"),
        ("component", "text", "path of the component it is on; entAliasMappingIdentifier"),
        ("vrf", "text", "routing instance; mplsL3VpnIfVpnClassification's VRF"),
    ),
    _shape(
        "routes", "Routes of the main table", "destination gateway interface",
        ("destination", "text", "prefix, 'default' written as 0.0.0.0/0 or ::/0"),
        ("gateway", "text", "next hop; empty when on link"),
        ("interface", "text", "outgoing interface"),
        ("metric", "whole", "route metric"),
    ),
    _shape(
        "dns", "Resolver settings", "",
        ("servers", "sequence", "name server addresses as they are asked; /etc/resolv.conf or the resolver's own"),
        ("search", "sequence", "search domains as they are tried"),
    ),
    _shape(
        "ntp", "Time synchronisation", "",
        ("service", "text", "chronyd, systemd-timesyncd, ntpd, w32time; absent when none runs"),
        ("servers", "texts", "configured time sources"),
        ("synchronised", "flag", "the kernel clock is disciplined (adjtimex without STA_UNSYNC); volatile history"),
        ("offset_seconds", "real", "seconds to the reference, where told; volatile"),
    ),
    _shape(
        "packages", "Installed software packages", "name arch",
        ("name", "text", "package name"),
        ("arch", "text", "architecture: amd64, all, x86_64, noarch"),
        ("version", "text", "full version with epoch and release"),
        ("manager", "text", "dpkg, rpm, msi, pkgutil, app"),
        ("vendor", "text", "vendor or maintainer's organisation where told"),
    ),
    _shape(
        "package_log", "The last transactions of the package manager; evidence, never a fact", "started tool",
        ("started", "when", "when it began; apt's history.log, dnf's history, or without one dnf.rpm.log"),
        ("tool", "text", "apt or dnf"),
        ("ended", "when", "when it was over; absent where it was broken off"),
        ("actor", "text", "who asked for it (apt: sudo, pkexec; dnf: who logged in); `uid N` if of no local account"),
        ("command", "text", "command line, at most 200 characters, without what may be secret"),
        ("packages", "texts", "names of the packages it installed, moved or removed; at most 2,000"),
    ),
    _shape(
        "logins", "The last sessions of people; evidence, never a fact", "at line",
        ("at", "when", "when it began; wtmp, utmp(5)"),
        ("line", "text", "terminal"),
        ("user", "text", "account"),
        ("origin", "text", "where from, as whoever let them in wrote it down: host, address or display"),
        ("ended", "when", "when it was over; absent while it goes on"),
    ),
    _shape(
        "services", "Services of the service manager", "name",
        ("name", "text", "unit or service name"),
        ("enabled", "text", "enabled, disabled, static, masked; Windows: auto, manual, disabled"),
        ("state", "text", "running, stopped or failed; informational"),
        ("description", "text", "as the unit says"),
    ),
    _shape(
        "listening_ports", "Sockets that accept connections or datagrams", "protocol address port",
        ("protocol", "text", "tcp or udp"),
        ("address", "text", "local address; 0.0.0.0 and :: for any"),
        ("port", "whole", "port number, 1–65535"),
        ("process", "text", "command name; absent when denied"),
        ("executable", "text", "path of the executable; absent when denied"),
        ("unit", "text", "systemd unit from the process's cgroup"),
        ("user", "text", "owner of the socket"),
        ("transient", "flag", "true when the kernel chose the port: in its range for that, and loopback only or UDP"),
    ),
    _shape(
        "users", "Local accounts", "name",
        ("name", "text", "login name"),
        ("uid", "whole", "user id; the RID on Windows"),
        ("gid", "whole", "primary group id"),
        ("home", "text", "home directory"),
        ("shell", "text", "login shell"),
        ("locked", "flag", "password locked; absent without privilege"),
        ("can_log_in", "flag", "the shell is a real one"),
    ),
    _shape(
        "groups", "Local groups", "name",
        ("name", "text", "group name"),
        ("gid", "whole", "group id; the RID on Windows"),
        ("members", "texts", "explicit members"),
    ),
    _shape(
        "ssh_host_keys", "Public host keys of the SSH server", "type",
        ("type", "text", "key type: ssh-ed25519, ssh-rsa …"),
        ("fingerprint", "text", "SHA256:base64, as ssh-keygen -l prints (RFC 4255 in spirit)"),
        ("bits", "whole", "key length in bits, where the type has a choice"),
    ),
    _shape(
        "certificates", "X.509 certificates found in common places (no private keys are read)", "path fingerprint",
        ("path", "text", "file it was found in"),
        ("fingerprint", "text", "SHA-256 of the DER, lower-case hex"),
        ("subject", "text", "RFC 4514 text"),
        ("issuer", "text", "RFC 4514 text"),
        ("names", "texts", "subject alternative names"),
        ("not_before", "when", "start of validity"),
        ("not_after", "when", "end of validity"),
        ("serial", "text", "lower-case hex"),
    ),
    _shape(
        "raid", "RAID arrays", "name",
        ("name", "text", "array name: md0, controller/volume"),
        ("controller", "text", "md, or the vendor's controller name"),
        ("level", "text", "raid0, raid1, raid5 …"),
        ("state", "text", "optimal, degraded, rebuilding, failed"),
        ("members", "texts", "member devices"),
        ("size_bytes", "whole", "bytes"),
    ),
    _shape(
        "virtualization", "What this system runs on, and whether it hosts others", "",
        ("hypervisor", "text", "kvm, vmware, hyperv, xen, virtualbox, container kind, or none"),
        ("role", "text", "guest, host or none"),
        ("guest_uuid", "text", "instance UUID as the guest sees it, lower case"),
        ("container", "text", "docker, lxc, podman …, when this system is itself a container"),
    ),
    _shape(
        "virtual_machines", "Virtual machines this hypervisor runs (libvirt)", "uuid",
        ("uuid", "text", "instance UUID, lower case"),
        ("name", "text", "domain name"),
        ("state", "text", "running, paused, shut_off"),
        ("vcpus", "whole", "count"),
        ("memory_bytes", "whole", "bytes"),
    ),
    _shape(
        "containers", "Containers of a local engine", "id",
        ("id", "text", "first 12 hex digits"),
        ("name", "text", "container name"),
        ("image", "text", "image reference"),
        ("engine", "text", "docker, podman, containerd"),
        ("state", "text", "running, exited …; informational"),
    ),
    _shape(
        "databases_and_middleware", "Recognised databases and middleware", "product instance",
        ("product", "text", "postgresql, mysql, mariadb, redis, nginx, tomcat …"),
        ("instance", "text", "data directory, configuration path or port: what tells two apart"),
        ("kind", "text", "database or middleware"),
        ("version", "text", "version, where a package or the executable's path tells it"),
        ("ports", "texts", "listening ports as protocol/port"),
        ("executable", "text", "path of the server program"),
        ("running", "flag", "a process of it runs"),
        ("evidence", "texts", "what it was recognised by: process, port, package"),
    ),
    _shape(
        "lldp", "Neighbours heard over LLDP (IEEE 802.1AB)", "interface chassis_id port_id",
        ("interface", "text", "local interface"),
        ("chassis_id", "text", "neighbour's chassis id"),
        ("port_id", "text", "neighbour's port id"),
        ("port_description", "text", "neighbour's port description"),
        ("system_name", "text", "neighbour's system name"),
        ("system_description", "text", "neighbour's description"),
        ("management_address", "text", "neighbour's management address"),
    ),
    _shape(
        "health", "Present measurements; volatile, never history", "metric instance",
        ("metric", "text", "base-unit name: load1, memory_used_ratio, filesystem_used_ratio, temperature_celsius …"),
        ("instance", "text", "mount point, sensor or empty"),
        ("value", "real", "in the unit the metric's name ends with; ratios 0–1"),
    ),
    *(
        _shape(name, doc, key, *((each, cast(Kind, kind), told) for each, kind, told in lines))
        for name, doc, key, lines in DEVICE_SECTIONS
    ),
)  # fmt: skip

SECTIONS: Mapping[str, Shape] = {shape.name: shape for shape in _ALL}
APART: Final = frozenset({"health", "sample"})
"""Volatile as a whole: what they say last is kept, and they are no part of an inventory in which nothing moved."""


def shape_of(name: str) -> Shape:
    """Return the shape of section `name`; one that is not in the catalogue is taken for a record."""
    return SECTIONS.get(name) or Shape(name, "", ())


_CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
"""Made once: `json.dumps` makes one for every text."""


def canonical(body: Body) -> bytes:
    """Return the one JSON text of `body`; rows must already be in key order (see `arrange`)."""
    return _CANONICAL.encode(body).encode("utf-8", "backslashreplace")


def digest(encoded: bytes) -> bytes:
    """Return the SHA-256 of a canonical body."""
    return hashlib.sha256(encoded).digest()


def row_key(shape: Shape, row: Mapping[str, Any]) -> str:
    """Return the element key of one row: its key fields joined by '|' (escaped inside them), an absent one empty."""
    if len(shape.key) == 1:
        return str(row.get(shape.key[0], ""))
    return "|".join(str(row.get(name, "")).replace("\\", "\\\\").replace("|", "\\|") for name in shape.key)


def arrange(shape: Shape, body: Body) -> Body:
    """Return `body` without absent values, rows sorted by key, the later of two equal keys kept; sets are sorted."""
    kept = frozenset(field.name for field in shape.fields.values() if field.kind == "sequence")
    if isinstance(body, dict):
        return _present(body, kept)
    rows = {row_key(shape, row): _present(row, kept) for row in body}
    return [rows[key] for key in sorted(rows)]


def in_order(shape: Shape, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return checked rows as bodies are kept: sorted by key."""
    return sorted(rows, key=functools.partial(row_key, shape))


def _present(row: Mapping[str, Any], in_their_order: frozenset[str]) -> dict[str, Any]:
    return {name: sorted(value) if isinstance(value, list | tuple | set) and name not in in_their_order else value
            for name, value in row.items() if value is not None}  # fmt: skip


def check(shape: Shape, body: object) -> Body:
    """Return `body` if it keeps to `shape`, without fields the catalogue does not know; raise `BadSection` else.

    Unknown fields come from newer agents and are left out, never an error.
    """
    if shape.is_record:
        return _check_row(shape, body, shape.name)
    if not isinstance(body, list):
        raise BadSection(f"{shape.name}: rows expected, {type(body).__name__} found")
    if len(body) > MAX_ROWS:
        raise BadSection(f"{shape.name}: {len(body)} rows, at most {MAX_ROWS}")
    rows = body if _holds(shape, body) else [_check_row(shape, row, (shape.name, at)) for at, row in enumerate(body)]
    key = operator.itemgetter(*shape.key)
    try:
        seen = {key(row) for row in rows}
    except KeyError:  # an absent text key reads as an empty one
        seen = {tuple(row.get(name, "") for name in shape.key) for row in rows}
    if len(seen) != len(rows):
        raise BadSection(f"{shape.name}: two rows with one key")
    return rows


def _holds(shape: Shape, rows: list[Any]) -> bool:
    """Return whether all rows have the key and known fields only, each of its kind: column by column, at C speed.

    What does not hold here is looked at row by row, to be named or to have its unknown fields left out.
    """
    if not set(map(type, rows)) <= {dict}:
        return False
    known = 0
    for column in shape.fields.values():
        values = [row[column.name] for row in rows if column.name in row]
        if len(values) != len(rows) and column.name in shape.key:
            return False
        if not (_are_texts(values) if column.kind in ("text", "when") else all(map(_CHECKS[column.kind], values))):
            return False
        known += len(values)
    return known == sum(map(len, rows))


def _are_texts(values: list[object]) -> bool:
    return set(map(type, values)) <= {str} and max(map(len, values), default=0) <= MAX_TEXT  # type: ignore[arg-type]


def _check_row(shape: Shape, row: object, place: str | tuple[str, int]) -> dict[str, Any]:
    if type(row) is not dict:
        raise BadSection(f"{_named(place)}: an object expected, {type(row).__name__} found")
    checks, unknown = _checks_of(shape.name), False
    for name, value in row.items():
        holds = checks.get(name)
        if holds is None:
            unknown = True
        elif not holds(value):
            raise BadSection(f"{_named(place)}.{name}: not a {shape.fields[name].kind} within bounds")
    for name in shape.key:
        if name not in row and shape.fields[name].kind != "text":
            raise BadSection(f"{_named(place)}: key field {name} is missing")
    return {name: value for name, value in row.items() if name in checks} if unknown else row


def _named(place: str | tuple[str, int]) -> str:
    return place if isinstance(place, str) else f"{place[0]}[{place[1]}]"


@functools.cache
def _checks_of(name: str) -> Mapping[str, Callable[[object], bool]]:
    return {field.name: _CHECKS[field.kind] for field in SECTIONS[name].fields.values()}


def _is_text(value: object) -> bool:
    return type(value) is str and len(value) <= MAX_TEXT


def _is_document(value: object) -> bool:
    return type(value) is str and len(value) <= MAX_DOCUMENT


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_WHOLE


def _is_real(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and len(value) <= MAX_TEXTS and all(_is_text(item) for item in value)


_CHECKS: Mapping[Kind, Callable[[object], bool]] = {
    "text": _is_text,
    "when": _is_text,
    "document": _is_document,
    "whole": _is_whole,
    "real": _is_real,
    "flag": lambda value: isinstance(value, bool),
    "texts": _is_texts,
    "sequence": _is_texts,
}
