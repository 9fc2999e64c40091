"""From the variables of a power device (RFC 9271 §5 and its registry of names) to sections; a function of values.

Numbers come as text. What is not a number within bounds is not told.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from discovery.explore import Explored
from discovery.explore.findings import Findings, Row
from discovery.identify import Identified
from discovery.nut.client import Ups
from discovery.plain import mac, real, serial, whole, words

Variables = Mapping[str, str]
_TYPES: Final[Mapping[str, str]] = {"ups": "ups", "pdu": "pdu", "ats": "pdu"}
"""device.type → type; what else it may be (scd, psu) is no class of ours."""

_SOURCES: Final = {
    "BYPASS": "bypass",
    "OB": "battery",
    "BOOST": "booster",
    "TRIM": "reducer",
    "OFF": "none",
    "OL": "normal",
}
"""Flags of ups.status → where the output comes from, the most telling first."""

_BATTERIES: Final = {"RB": "replace", "LB": "low"}
_ALARMS: Final = {
    "OB": "on_battery", "LB": "low_battery", "RB": "battery_bad", "BYPASS": "on_bypass", "OVER": "output_overload",
    "OFF": "ups_output_off", "FSD": "shutdown_imminent", "CAL": "test_in_progress",
}  # fmt: skip
"""Flags of ups.status → well-known alarms by the names of RFC 1628."""

_TESTS: Final = (
    ("progress", "running"), ("running", "running"), ("fail", "failed"), ("bad", "failed"), ("abort", "aborted"),
    ("warning", "warning"), ("pass", "passed"), ("ok", "passed"), ("success", "passed"), ("no test", "none"),
)  # fmt: skip
_PHASES: Final = (("", "", "1"), ("L1", "L1-N", "1"), ("L2", "L2-N", "2"), ("L3", "L3-N", "3"))
_OUTLET: Final = re.compile(r"outlet\.([1-9][0-9]{0,2})\.")
_FACTORY: Final = re.compile(
    r"(?:outlet|socket|port|group|main|powershare)s?[ _-]?(?:outlet|group|\d)*.{0,3}", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Found:
    """One device behind a UPS server, `name` as the server calls it."""

    name: str
    identified: Identified
    explored: Explored


def inventory(ups: Ups, address: str) -> Found:
    """Return what a power device is and has, as a server at `address` says."""
    said = {key: line for key, value in ups.variables.items() if (line := words(value))}
    it, findings = identify(ups, said), Findings()
    findings.add("device", [device(it, said, ups, address)])
    if it.type != "pdu":
        findings.add("ups", [power_supply(said)])
    findings.add("power", lines(said))
    findings.add("outlets", outlets(said))
    findings.add("attached", attached(ups.clients or (), address))
    findings.add("sensors", sensors(said))
    findings.add("firmware", [{"component": "management_controller", "version": said["ups.firmware.aux"]}]
                 if "ups.firmware.aux" in said else [])  # fmt: skip
    for section in ("device", "ups", "power", "outlets", "sensors", "firmware"):
        findings.failed(section, ups.failure)
    findings.failed("attached", ups.clients_failure)
    if ups.clients is not None:
        findings.is_none("attached")
    names = ["device", *(["ups"] if it.type != "pdu" else []), "power", "outlets", "attached", "sensors", "firmware"]
    return Found(ups.name, it, Explored(tuple(findings.section(name) for name in names), {}))


def identify(ups: Ups, said: Variables) -> Identified:
    """Return what it is: by device.type, else a UPS where it has a battery or a status of one."""
    kind = _TYPES.get(said.get("device.type", "").casefold())
    if kind is None and "device.type" not in said and ("ups.status" in said or "battery.charge" in said):
        kind = "ups"
    return Identified(
        state="identified" if kind else "unknown", class_="environment" if kind else "unknown", type=kind or "unknown",
        vendor=_either(said, "device.mfr", "ups.mfr"), model=_either(said, "device.model", "ups.model"),
        serial=serial(said.get("device.serial")) or serial(said.get("ups.serial")), os=None,
        version=said.get("ups.firmware"), name=words(ups.name), matched_by="nut: device.type" if kind else None,
        error=ups.failure or (None if kind else "unknown_model"),
    )  # fmt: skip


def _either(said: Variables, *names: str) -> str | None:
    return next((said[name] for name in names if name in said), None)


def device(it: Identified, said: Variables, ups: Ups, address: str) -> Row:
    return {
        "class": it.class_, "type": it.type, "vendor": it.vendor, "model": it.model, "serial": it.serial,
        "version": it.version, "name": it.name, "definition": it.matched_by, "state": it.state, "address": address,
        "part": said.get("device.part"), "location": said.get("device.location"), "contact": said.get("device.contact"),
        "description": said.get("device.description") or words(ups.description),
        "base_mac": mac(said.get("device.macaddr")),
    }  # fmt: skip


def power_supply(said: Variables) -> Row:
    """Return the record of a UPS. A charge, a load in percent become shares of one."""
    flags = said.get("ups.status", "").upper().split()
    battery = next(
        (word for flag, word in _BATTERIES.items() if flag in flags), "ok" if {"OL", "OB"} & set(flags) else None
    )
    return {
        "rated_va": whole(said.get("ups.power.nominal")), "rated_watts": whole(said.get("ups.realpower.nominal")),
        "input_rated_volts": whole(said.get("input.voltage.nominal")),
        "output_rated_volts": whole(said.get("output.voltage.nominal")),
        "battery_packs": whole(_either(said, "battery.packs.external", "battery.packs")),
        "battery_replaced": said.get("battery.date"), "battery_due": said.get("battery.date.maintenance"),
        "source": next((word for flag, word in _SOURCES.items() if flag in flags), None), "battery_state": battery,
        "charge_ratio": _ratio(said.get("battery.charge")), "runtime_seconds": whole(said.get("battery.runtime")),
        "battery_volts": real(said.get("battery.voltage"), 0),
        "battery_celsius": real(said.get("battery.temperature"), -60), "load_ratio": _ratio(said.get("ups.load")),
        "alarms": alarms(flags, said) or None, "last_test": _test(said.get("ups.test.result", "")),
    }  # fmt: skip


def alarms(flags: list[str], said: Variables) -> list[str]:
    """Return present alarms: of the status by their well-known names, and what the device says in words beside."""
    return sorted(
        {_ALARMS[flag] for flag in flags if flag in _ALARMS} | {said[name] for name in ("ups.alarm",) if name in said}
    )


def _ratio(percent: str | None) -> float | None:
    number = real(percent, 0)
    return None if number is None else round(number / 100, 4)


def _test(result: str) -> str | None:
    return next((word for sign, word in _TESTS if sign in result.casefold()), None)


def lines(said: Variables) -> list[Row]:
    """Return inputs and outputs, phase by phase."""
    return [row for kind in ("input", "output") for phase in _PHASES if (row := _line(said, kind, *phase))]


def _line(said: Variables, kind: str, phase: str, to_neutral: str, number: str) -> Row | None:
    at, volts_at = f"{kind}.{phase}." if phase else f"{kind}.", f"{kind}.{to_neutral}." if to_neutral else f"{kind}."
    row = {
        "volts": real(said.get(f"{volts_at}voltage"), 0), "amperes": real(said.get(f"{at}current"), 0),
        "watts": real(_either(said, f"{at}realpower", *(["ups.realpower"] if at == "output." else []))),
        "load_ratio": _ratio(said.get(f"{at}power.percent")),
    }  # fmt: skip
    if all(value is None for value in row.values()):
        return None
    rated = real(said.get(f"{at}current.nominal"), 0)
    hertz = real(said.get(f"{kind}.frequency"), 0)
    return {"name": f"{kind} {number}", "kind": kind, **row, "hertz": hertz, "rated_amperes": rated}


def outlets(said: Variables) -> list[Row]:
    """Return outlets that can be told apart. A name that is not the factory's is that of what it feeds."""
    numbers = {found[1] for name in said if name.startswith("outlet.") and (found := _OUTLET.match(name))}
    return [_outlet(said, f"outlet.{number}.", number) for number in sorted(numbers, key=int)]


def _outlet(said: Variables, at: str, number: str) -> Row:
    name = _either(said, f"{at}name", f"{at}desc")
    return {
        "outlet": number, "name": name, "attached": None if name is None or _FACTORY.fullmatch(name) else name,
        "state": {"on": "on", "off": "off"}.get(said.get(f"{at}status", "").casefold(), "unknown"),
        "amperes": real(said.get(f"{at}current"), 0), "watts": real(said.get(f"{at}realpower"), 0),
        "rated_amperes": real(said.get(f"{at}current.maximum"), 0),
    }  # fmt: skip


def attached(clients: Iterable[str], address: str) -> list[Row]:
    """Return who is logged in to it. The server's own monitor logs in from within: that is the server."""
    names = {address if _is_own(each) else each for each in map(words, clients) if each}
    return [{"outlet": "", "name": name} for name in sorted(names)]


def _is_own(client: str) -> bool:
    try:
        return ipaddress.ip_address(client.removeprefix("::ffff:")).is_loopback
    except ValueError:
        return client.casefold() == "localhost"


def sensors(said: Variables) -> list[Row]:
    """Return what is measured in it and around it."""
    told = (
        ("ups.temperature", "temperature", "celsius", 1.0), ("ambient.temperature", "temperature", "celsius", 1.0),
        ("ambient.humidity", "humidity", "ratio", 0.01),
    )  # fmt: skip
    return [
        {"name": name, "kind": kind, "unit": unit, "value": round(value * factor, 4), "state": "ok"}
        for name, kind, unit, factor in told
        if (value := real(said.get(name))) is not None
    ]
