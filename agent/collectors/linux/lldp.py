"""Neighbours heard over LLDP: lldpd's client, whose json0 form always has lists where one may have several."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from agent import command
from agent.collectors.base import Collector, Denied, Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import sysfs
from wire.sections import MAX_ROWS, Body

SOCKETS = ("run/lldpd.socket", "run/lldpd/lldpd.socket", "var/run/lldpd.socket")
TIMEOUT_S = 10.0

MAX_TEXT = 1_024


def collect(root: Path) -> Body:
    """Return the rows of `lldp`; raise `Unsupported` where no lldpd runs, `Denied`, `CommandFailed`, `Malformed`."""
    socket = next((root / path for path in SOCKETS if sysfs.exists(root / path)), None)
    if socket is None:
        raise Unsupported("no lldpd")
    if not os.access(socket, os.W_OK):
        raise Denied("lldpd's socket is for root and its own group")
    return parse_neighbors(command.run(["lldpcli", "-f", "json0", "show", "neighbors"], TIMEOUT_S))


def parse_neighbors(answer: str) -> list[dict[str, Any]]:
    """Return the rows of `lldpcli -f json0 show neighbors`, LLDP's only (lldpd may hear CDP too); raise `Malformed`."""
    try:
        told = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise Malformed("lldpcli: not JSON") from error
    if not isinstance(told, dict) or "lldp" not in told:
        raise Malformed("lldpcli: not its json0 form")
    interfaces = [interface for lldp in _list(told, "lldp") for interface in _list(lldp, "interface")]
    heard = [interface for interface in interfaces if interface.get("via") == "LLDP"]
    return [row for interface in heard[:MAX_ROWS] if (row := _row(interface))]


def _row(interface: dict[str, Any]) -> dict[str, Any] | None:
    chassis, port = _first(interface, "chassis"), _first(interface, "port")
    row = {
        "interface": _text(interface.get("name")),
        "chassis_id": _value(chassis, "id"),
        "port_id": _value(port, "id"),
        "port_description": _value(port, "descr"),
        "system_name": _value(chassis, "name"),
        "system_description": _value(chassis, "descr"),
        "management_address": _value(chassis, "mgmt-ip"),
    }
    return row if row["interface"] and row["chassis_id"] and row["port_id"] else None  # IEEE 802.1AB: mandatory


def _list(told: dict[str, Any], name: str) -> list[dict[str, Any]]:
    items = told.get(name)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _first(told: dict[str, Any], name: str) -> dict[str, Any]:
    return next(iter(_list(told, name)), {})


def _value(told: dict[str, Any], name: str) -> str | None:
    return _text(_first(told, name).get("value"))


def _text(value: object) -> str | None:
    return value.strip()[:MAX_TEXT] or None if isinstance(value, str) else None


COLLECTOR = Collector("lldp", collect, timeout_s=15.0, every_s=300)
