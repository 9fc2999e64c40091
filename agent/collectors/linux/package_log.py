"""What was done to the packages of late: apt's history, and dnf's log of RPM."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from agent.collectors.base import Collector, Unsupported
from agent.collectors.bounded import read_if_allowed
from wire.sections import Body

APT_HISTORY: Final = "var/log/apt/history.log"
DNF_LOG: Final = "var/log/dnf.rpm.log"
LOCAL_TIME: Final = "etc/localtime"
MAX_TRANSACTIONS: Final = 100
"""The last ones: what is told is when something moved of late, not the history of the machine."""
MAX_PACKAGES: Final = 2_000
MAX_TEXT: Final = 200
_MOVES: Final = ("Install", "Upgrade", "Downgrade", "Reinstall", "Remove", "Purge")
_PACKAGE: Final = re.compile(r"([a-z0-9][a-z0-9.+-]{0,127}):[a-z0-9-]+ \(", re.ASCII)
_USER: Final = re.compile(r"([\w.@\\-]{1,64}) \(\d{1,10}\)")
_SECRETS: Final = (
    (re.compile(r"://[^/\s@]*@"), "://…@"),
    (re.compile(r"(?i)((?:pass\w*|pwd|secret|token|auth\w*|\w*key)['\"]?[=:\s]\s*)\S+"), r"\1…"),
)
"""What a command line is told without: who logs in to a mirror or a proxy, and with what."""
_RPM: Final = re.compile(
    r"(\S{20,30}) [A-Z]+ (?:Installed|Upgrade[d]?|Downgrade[d]?|Reinstalled|Erase[d]?|Removed): (\S+)"
)

Row = dict[str, Any]


def collect(root: Path) -> Body:
    """Return the rows of `package_log`; raise `Unsupported` where nobody keeps such a log."""
    apt, dnf = read_if_allowed(root / APT_HISTORY), read_if_allowed(root / DNF_LOG)
    if apt is None and dnf is None:
        raise Unsupported("no log of apt or dnf")
    return [*parse_apt(apt or b"", zone_of(root)), *parse_dnf(dnf or b"")]


def zone_of(root: Path) -> tzinfo:
    """Return the zone apt writes its times in: that of the machine, UTC where it has none."""
    try:
        with (root / LOCAL_TIME).open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError):
        return UTC


def parse_apt(text: bytes, zone: tzinfo) -> list[Row]:
    """Return the last transactions of apt's history; what is no transaction is passed over."""
    stanzas = text.decode("utf-8", "replace").split("\n\n")[-2 * MAX_TRANSACTIONS :]
    rows = [row for stanza in stanzas if (row := _apt_row(stanza, zone))]
    return list({row["started"]: row for row in rows[-MAX_TRANSACTIONS:]}.values())


def _apt_row(stanza: str, zone: tzinfo) -> Row | None:
    said = dict(line.split(": ", 1) for line in stanza.split("\n") if ": " in line)
    started = _local(said.get("Start-Date", ""), zone)
    packages = {name for move in _MOVES for name in _PACKAGE.findall(said.get(move, ""))}
    if started is None or not packages:
        return None
    user = _USER.fullmatch(said.get("Requested-By", "").strip())
    told = {"ended": _local(said.get("End-Date", ""), zone), "actor": user and user[1],
            "command": plain(said.get("Commandline", ""))}  # fmt: skip
    known = {name: value for name, value in told.items() if value}
    return {"tool": "apt", "started": started, **known, "packages": sorted(packages)[:MAX_PACKAGES]}


def plain(command: str) -> str:
    """Return a command line without what may be secret in it."""
    for pattern, instead in _SECRETS:
        command = pattern.sub(instead, command[: 2 * MAX_TEXT])
    return command.strip()[:MAX_TEXT]


def _local(text: str, zone: tzinfo) -> str | None:
    try:
        at = datetime.strptime(" ".join(text.split()), "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone)
        return _utc(at)
    except (ValueError, OverflowError):
        return None


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_dnf(text: bytes) -> list[Row]:
    """Return the last transactions of dnf: what it says of packages between two of its starts."""
    sessions = text.decode("utf-8", "replace").split("logging initialized")[-MAX_TRANSACTIONS:]
    rows = [row for each in sessions if (row := _dnf_row(list(_rpm_moves(each))))]
    return list({row["started"]: row for row in rows}.values())


def _dnf_row(moves: list[tuple[str, str]]) -> Row | None:
    if not moves:
        return None
    times, packages = sorted(at for at, _ in moves), {name for _, name in moves}
    return {"tool": "dnf", "started": times[0], "ended": times[-1], "packages": sorted(packages)[:MAX_PACKAGES]}


def _rpm_moves(session: str) -> Iterator[tuple[str, str]]:
    """Yield (when, name) of the packages that moved; names are what stands before version and release."""
    for line in session.split("\n"):
        if (found := _RPM.match(line)) and (at := _offset(found[1])) and found[2].count("-") > 1:
            yield at, found[2].rsplit("-", 2)[0][:128]


def _offset(text: str) -> str | None:
    try:
        return _utc(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z"))
    except (ValueError, OverflowError):
        return None


COLLECTOR = Collector("package_log", collect, timeout_s=10.0, stamps=(APT_HISTORY, DNF_LOG))
