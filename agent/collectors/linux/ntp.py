"""Time synchronisation: which service runs, the sources it is told to use, and whether the clock is in step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from agent.collectors.base import Collector, Denied, Unsupported
from agent.collectors.linux import processes, sysfs
from agent.collectors.linux.clock import clock_offset, kernel_clock
from wire.sections import Body

MAX_BYTES = 256 * 1024
MAX_FILES = 64
MAX_SERVERS = 256

Parser = Callable[[str], list[str]]


def collect(root: Path) -> Body:
    """Return the record `ntp`; without a service that runs, the servers are those of any service's settings."""
    running = _commands(root)
    service = next((known for known in SERVICES if running & known.commands), None)
    clock = kernel_clock() if root == Path("/") else None
    offset = clock_offset(root, clock)
    return {
        "service": service.name if service else None,
        "servers": _servers(root, [service] if service else SERVICES),
        "synchronised": clock.synchronised if clock else None,
        # to the millisecond: finer, the section would be news each time it is read
        "offset_seconds": None if offset is None else round(offset, 3) + 0.0,
    }


@dataclass(frozen=True, slots=True)
class Service:
    """One time service: its command names, as the kernel cuts them at 15 letters, and its settings."""

    name: str
    commands: frozenset[str]
    settings: tuple[str, ...]
    """Paths and patterns relative to the root."""
    parse: Parser


def _commands(root: Path) -> set[str]:
    try:
        pids = processes.pids(root)
    except (Denied, Unsupported):
        return set()
    return {sysfs.text(f"{root}/proc/{pid}/comm") or "" for pid in pids}


def _servers(root: Path, services: Iterable[Service]) -> list[str]:
    found: set[str] = set()
    for service in services:
        files = [path for pattern in service.settings for path in sorted(root.glob(pattern))]
        for path in files[:MAX_FILES]:
            found.update(service.parse(sysfs.text(path, MAX_BYTES) or ""))
    return sorted(found)[:MAX_SERVERS]


def parse_server_lines(text: str) -> list[str]:
    """Return the sources of settings in ntp.conf(5)'s and chrony.conf(5)'s form: "server NAME …", also `refclock`."""
    found: list[str] = []
    for words in map(str.split, text.splitlines()):
        if len(words) < 2:
            continue
        if words[0] in ("server", "pool", "peer", "servers"):
            found.append(next((word for word in words[1:] if not word.startswith("-")), ""))
        elif words[0] == "refclock":
            found.append(" ".join(words[:3]))
    return [name[:256] for name in found if name]


def parse_timesyncd(text: str) -> list[str]:
    """Return the sources of timesyncd.conf(5): NTP=, else FallbackNTP=."""
    told: dict[str, list[str]] = {"NTP": [], "FallbackNTP": []}
    for line in text.splitlines():
        name, _, value = line.strip().partition("=")
        if name.strip() in told:
            told[name.strip()] += value.split()
    return [name[:256] for name in told["NTP"] or told["FallbackNTP"]]


def parse_ntp_rs(text: str) -> list[str]:
    """Return the addresses of ntpd-rs's [[source]] tables."""
    lines = (line.partition("#")[0].partition("=") for line in text.splitlines())
    values = (value.strip().strip("\"'") for name, _, value in lines if name.strip() == "address")
    return [value[:256] for value in values if value]


SERVICES = (
    Service(
        "chronyd", frozenset({"chronyd"}),
        ("etc/chrony.conf", "etc/chrony/chrony.conf", "etc/chrony.d/*.conf", "etc/chrony/conf.d/*.conf",
         "etc/chrony/sources.d/*.sources", "run/chrony-dhcp/*.sources"),
        parse_server_lines,
    ),
    Service(
        "ntpd", frozenset({"ntpd"}),
        ("etc/ntp.conf", "etc/ntpsec/ntp.conf", "etc/ntpd.conf", "etc/openntpd/ntpd.conf"), parse_server_lines,
    ),
    Service("ntpd-rs", frozenset({"ntp-daemon"}), ("etc/ntpd-rs/ntp.toml", "etc/ntp.toml"), parse_ntp_rs),
    Service(
        "systemd-timesyncd", frozenset({"systemd-timesyn"}),
        ("etc/systemd/timesyncd.conf", "etc/systemd/timesyncd.conf.d/*.conf"), parse_timesyncd,
    ),
)  # fmt: skip

COLLECTOR = Collector(
    "ntp", collect, timeout_s=10.0,
    stamps=("etc/chrony.conf", "etc/chrony/chrony.conf", "etc/chrony/conf.d", "etc/chrony/sources.d", "etc/ntp.conf",
            "etc/ntpsec/ntp.conf", "etc/systemd/timesyncd.conf", "etc/systemd/timesyncd.conf.d"),
)  # fmt: skip
