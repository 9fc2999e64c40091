"""Carries out what definitions say: conditions are checked, steps lead to values. All of it asks, nothing is run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from discovery.asking import Address, Index, Oid, Script, Value
from discovery.definitions import Condition, Step
from discovery.device import SYS_DESCR, SYS_NAME, SYS_OBJECT_ID, SYS_OR_ID, Device
from discovery.entity import chassis_rows, entity_values
from discovery.text import hexadecimal, mac, readable, shown, text

Accept = Callable[[str], bool]
_INDEX: Final = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,10}){0,30}")
_SCALARS: Final = {"sysdescr": SYS_DESCR, "sysname": SYS_NAME, "sysobjectid": SYS_OBJECT_ID}


def first(steps: Sequence[Step], device: Device, accept: Accept) -> Script[str | None]:
    """Return the first value a step leads to that `accept` takes, as one line."""
    for step in steps:
        if step.source == "none":
            break
        found = yield from _follow(step, device, accept)
        if found:
            return found
    return None


def instances(steps: Iterable[Step]) -> list[str]:
    """Return the instances the steps get without knowing anything before, to be asked for at once."""
    return [
        each.argument
        for step in steps
        for each in step.within()
        if each.source == "get" and each.row is None and "{" not in each.argument
    ]


def _follow(step: Step, device: Device, accept: Accept) -> Script[str | None]:
    if step.source == "join":
        return (yield from _joined(step, device, accept))
    for raw in (yield from _sources(step, device)):
        found = _extracted(step, raw)
        if found and accept(found):
            return found
    return None


def _joined(step: Step, device: Device, accept: Accept) -> Script[str | None]:
    parts = []
    for part in step.parts:
        found = yield from _follow(part, device, bool)
        if found:
            parts.append(found)
        elif not part.optional:
            return None
    found = _extracted(step, step.glue.join(parts).encode())
    return found if found and accept(found) else None


def _extracted(step: Step, raw: Value) -> str | None:
    whole = _formed(step.form, raw)
    if whole is None:
        return None
    if step.unless and step.unless.found_in(whole):
        return None
    found = step.match.extract(whole, step.template) if step.match else whole
    return shown(found) if found else None


def _formed(form: str, raw: Value) -> str | None:
    """Return the text to look at, None for octets that are none and are not asked for as such."""
    if not isinstance(raw, bytes) or isinstance(raw, Address):
        return text(raw)
    if form != "text":
        return hexadecimal(raw) if form == "hex" else mac(raw)
    return readable(raw)


def _sources(step: Step, device: Device) -> Script[list[Value]]:
    """Return the raw values a step can start from, best first."""
    if step.source == "none":
        return []
    if step.source == "text":
        return [step.argument.encode()]
    if step.source == "entity":
        return (yield from entity_values(device, step.argument))
    if step.source == "lookup":
        return (yield from _looked_up(step, device))
    if step.source == "walk" and step.row is None:
        return (yield from _walked(step, device))
    value = yield from _got(step, device)
    return [] if value is None else [value]


def _got(step: Step, device: Device) -> Script[Value | None]:
    oid = _SCALARS.get(step.source, step.argument)
    if "{chassis}" in oid:
        rows = yield from chassis_rows(device)
        if not rows:
            return None
        oid = oid.replace("{chassis}", ".".join(map(str, rows[0])))
    if step.row is not None:
        row = yield from _follow(step.row, device, bool)
        if not row or not _INDEX.fullmatch(row):
            return None
        oid = f"{oid}.{row}"
    value = yield from device.value(oid)
    if step.deref:
        return (yield from device.value(value)) if isinstance(value, Oid) else None
    return value


def _walked(step: Step, device: Device) -> Script[list[Value]]:
    rows: Mapping[Index, Value] = yield from device.column(step.argument)
    if step.where is None:
        return list(rows.values())
    column, wanted = step.where
    others = yield from device.column(column)
    return [value for row, value in rows.items() if row in others and wanted.found_in(text(others[row]))]


def _looked_up(step: Step, device: Device) -> Script[list[Value]]:
    key = (yield from _follow(step.by, device, bool)) if step.by else device.sysobjectid
    found = step.table.find(key) if step.table and key else None
    return [found.encode()] if found else []


# --- conditions


def holds(condition: Condition, device: Device, found: Mapping[str, str | None] | None = None) -> Script[bool]:
    """Return whether a condition holds; `found` is what identity found already (`model`, `version`, `os`)."""
    if not plainly(condition, device, found or {}):
        return False
    if condition.resources and not (yield from _has_resource(condition.resources, device)):
        return False
    if condition.probe and not (yield from _probed(condition, device)):
        return False
    return condition.but is None or not (yield from holds(condition.but, device, found))


def plainly(condition: Condition, device: Device, found: Mapping[str, str | None]) -> bool:
    """Return whether the part of a condition holds that the scalars decide."""
    return (not condition.prefixes or any(_below(device.sysobjectid, each) for each in condition.prefixes)) and all(
        pattern.found_in(device.told(_SCALARS[name]) if name in _SCALARS else found.get(name) or "")
        for name, pattern in condition.patterns.items()
    )


def _below(oid: str, prefix: str) -> bool:
    return f"{oid}.".startswith(f"{prefix}.")


def _has_resource(prefixes: Iterable[str], device: Device) -> Script[bool]:
    rows = yield from device.column(SYS_OR_ID, 100)
    return any(_below(text(value), prefix) for value in rows.values() for prefix in prefixes)


def _probed(condition: Condition, device: Device) -> Script[bool]:
    assert condition.probe is not None
    kind, oid, wanted = condition.probe
    if kind == "get":
        value = yield from device.value(oid)
        values: Iterable[Value] = [] if value is None else [value]
    else:
        values = (yield from device.column(oid, 20)).values()
    return any(wanted is None or wanted.found_in(text(value)) for value in values)
