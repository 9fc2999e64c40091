"""What apt did, as its history.log tells it: stanzas of a transaction each, in local time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from agent.collectors.linux.transactions import MAX_TRANSACTIONS, Row, latest, plain, transaction, utc

LOG: Final = "var/log/apt/history.log"
LOCAL_TIME: Final = "etc/localtime"
_MOVES: Final = ("Install", "Upgrade", "Downgrade", "Reinstall", "Remove", "Purge")
_PACKAGE: Final = re.compile(r"([a-z0-9][a-z0-9.+-]{0,127}):[a-z0-9-]+ \(", re.ASCII)
_USER: Final = re.compile(r"([\w.@\\-]{1,64}) \(\d{1,10}\)")


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
    return latest(row for stanza in stanzas if (row := _row(stanza, zone)))


def _row(stanza: str, zone: tzinfo) -> Row | None:
    said = dict(line.split(": ", 1) for line in stanza.split("\n") if ": " in line)
    started = _moment(said.get("Start-Date", ""), zone)
    packages = {name for move in _MOVES for name in _PACKAGE.findall(said.get(move, ""))}
    if started is None or not packages:
        return None
    user = _USER.fullmatch(said.get("Requested-By", "").strip())
    return transaction(
        "apt", started, packages, ended=_moment(said.get("End-Date", ""), zone),
        actor=user and user[1], command=plain(said.get("Commandline", "")),
    )  # fmt: skip


def _moment(text: str, zone: tzinfo) -> str | None:
    try:
        return utc(datetime.strptime(" ".join(text.split()), "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone))
    except (ValueError, OverflowError):
        return None
