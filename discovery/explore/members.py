"""Members of a stack, an IRF fabric or a virtual chassis: vendors' tables, else the chassis a stack contains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from discovery.asking import Index, Script
from discovery.explore.values import mac, serial, whole, word
from discovery.explore.visit import Table, Visit


@dataclass(frozen=True, slots=True)
class _Kind:
    """A vendor's table; `by_part`: its index is an entPhysicalIndex, else the member's number."""

    prefix: str
    table: Table
    by_part: bool = False


_CISCO_STATES: Final = {
    1: "waiting", 2: "progressing", 3: "added", 4: "ok", 5: "mismatch", 6: "mismatch", 7: "mismatch", 8: "starting",
    9: "provisioned", 10: "invalid", 11: "removed",
}  # fmt: skip
_KINDS: Final = (
    _Kind("1.3.6.1.4.1.9.", Table("1.3.6.1.4.1.9.9.500.1.2.1.1", {  # cswSwitchInfoTable
        "number": (1, whole), "role": (3, word({1: "master", 2: "member", 3: "none", 4: "standby"})),
        "priority": (4, whole), "state": (6, word(_CISCO_STATES)), "mac": (7, mac),
    }), by_part=True),
    _Kind("1.3.6.1.4.1.2636.", Table("1.3.6.1.4.1.2636.3.40.1.4.1.1.1", {  # jnxVirtualChassisMemberTable
        "serial": (2, serial), "role": (3, word({1: "master", 2: "standby", 3: "member"})), "mac": (4, mac),
        "version": 5, "priority": (6, whole), "model": 8,
    })),
    _Kind("1.3.6.1.4.1.2011.", Table("1.3.6.1.4.1.2011.5.25.183.1.20.1", {  # hwStackMemberInfoTable
        "priority": (2, whole), "role": (3, word({1: "master", 2: "standby", 3: "member"})), "mac": (4, mac),
        "model": 5,
    })),
    _Kind("1.3.6.1.4.1.25506.", Table("1.3.6.1.4.1.25506.2.91.2.1", {  # hh3cStackDeviceConfigTable
        "number": (1, whole), "priority": (3, whole),
    }), by_part=True),
)  # fmt: skip
_IRF_BOARDS: Final = Table(
    "1.3.6.1.4.1.25506.2.91.3.1", {"role": (1, word({1: "member", 2: "master"})), "of": (2, whole)}
)
"""hh3cStackBoardConfigTable: hh3cStackBoardRole, hh3cStackBoardBelongtoMember."""


def members(visit: Visit) -> Script[None]:
    """Find `members`."""
    for kind in _KINDS:
        if visit.device.sysobjectid.startswith(kind.prefix):
            told = yield from visit.rows(kind.table)
            visit.findings.failed("members", told.failure)
            roles = yield from _roles(visit, kind, bool(told.rows))
            rows = [_member(visit, kind, index, row, roles) for index, row in told.rows.items()]
            visit.findings.add("members", rows)
    if not visit.findings.rows.get("members"):
        visit.findings.add("members", _stacked(visit))


def _member(visit: Visit, kind: _Kind, index: Index, row: dict[str, Any], roles: Mapping[str, str]) -> dict[str, Any]:
    part = _part(visit, index[-1]) if kind.by_part else {}
    name = str(part.get("name", ""))
    number = str(row.get("number") or (name if name.isdecimal() else part.get("position", index[-1])))
    own = {name: part.get(name) for name in ("serial", "model")}
    return {**own, "role": roles.get(number), **row, "number": number}


def _roles(visit: Visit, kind: _Kind, wanted: bool) -> Script[dict[str, str]]:
    """Return number → role, where the boards tell it and not the members."""
    if kind.prefix != "1.3.6.1.4.1.25506." or not wanted:
        return {}
    told = yield from visit.rows(_IRF_BOARDS)
    return {str(row["of"]): row["role"] for row in told.rows.values() if {"of", "role"} <= row.keys()}


def _part(visit: Visit, index: int) -> Mapping[str, Any]:
    return visit.findings.row("components", visit.parts.get(index, ""))


def _stacked(visit: Visit) -> list[dict[str, Any]]:
    """Return the chassis that stand in a stack (entPhysicalClass 11), when there are several."""
    parts = visit.findings.rows.get("components", {})
    stacks = {path for path, row in parts.items() if row.get("class") == "stack"}
    inside = [row for row in parts.values() if row.get("class") == "chassis" and row.get("parent") in stacks]
    numbers = [row.get("position", -1) for row in inside]
    if len(inside) < 2 or len(set(numbers)) < len(numbers):
        return []
    return [
        {"number": str(number), **{name: row.get(name) for name in ("serial", "model")}}
        for number, row in zip(numbers, inside, strict=True)
    ]
